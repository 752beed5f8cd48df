"""tools/benchmarks/assignment_offsets.py, on logits made up and a tiny run."""

import json

import pytest
import torch

SIZE = 8, 8
# pixels of an image, all labelled: class 0, class 1 that the teacher knows,
# class 1 that it calls 0, without being sure; the rest is ignored
KNOWN, MISSED = slice(24, 48), slice(48, 56)


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/assignment_offsets.py')


def view(teacher_confuses=True):
    """Logits of the student and of the teacher, and labels, of one image."""
    student = torch.randn(2, 64)
    labels = torch.full((64,), 255)
    labels[:24], labels[24:56] = 0, 1
    teacher = torch.zeros(2, 64)
    teacher[0, :24] = teacher[1, 24:56] = 30.0
    if teacher_confuses:
        # a probability of 0.69 for class 0
        teacher[0, MISSED], teacher[1, MISSED] = 0.8, 0.0
    shaped = (t.unflatten(-1, SIZE) for t in (student, teacher, labels))
    return tuple(shaped), student


def mean_logit(statistics, label, logit):
    """Mean of a mixture, which is that of its samples after each M-step."""
    bank = statistics.target
    weights = bank.weights[label, logit]
    return float((weights * bank.means[label, logit]).sum())


def test_each_row_is_of_its_own_pixels(tool):
    image, student = view()
    offsets = tool.TargetOffsets(2, min_samples=24, num_images=1)
    offsets.add_target(*image)
    found = offsets.statistics
    for l in range(2):  # noqa: E741 (as in the paper)
        known = float(student[l, KNOWN].mean())
        # a label of class 0 is of class 0; of class 1 it misses a third
        assert mean_logit(found['hard'], 1, l) == pytest.approx(
            known, abs=1e-4
        )
        own = float(student[l, :24].mean())
        for name in ('labels', 'threshold 0.9', 'threshold 0.968'):
            assert mean_logit(found[name], 0, l) == pytest.approx(
                own, abs=1e-4
            )
    hard, labels = (found[name].target.means for name in ('hard', 'labels'))
    assert not torch.allclose(hard[0], labels[0])


def test_a_teacher_that_is_right_and_sure_leaves_all_rows_alike(tool):
    torch.manual_seed(1)
    offsets = tool.TargetOffsets(2, min_samples=5, num_images=3)
    images = [view(teacher_confuses=False)[0] for _ in range(3)]
    for student, _, labels in images:
        offsets.add_source(student, labels)
    torch.manual_seed(1)
    for image in images:
        offsets.add_target(*image)
    named = offsets.statistics
    # samples of a class are drawn, for each row anew
    for bank in (s.target for s in named.values()):
        assert bank.num_updates.tolist() == [[3, 3], [3, 3]]
        means = (bank.weights * bank.means).sum(-1)
        expected = named['labels'].target
        torch.testing.assert_close(
            means,
            (expected.weights * expected.means).sum(-1),
            atol=0.15,
            rtol=0,
        )


def test_of_a_checkpoint(uda_config, run_tool, tmp_path, capsys):
    """The table of a run: the source's column is that of all rows."""
    config = uda_config()
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    out = tmp_path / 'rows.json'
    options = ('--min-samples', 5, '--out', out)
    checkpoint = tmp_path / 'run' / 'iter_6.pth'
    run_tool('benchmarks/assignment_offsets.py', config, checkpoint, *options)
    assert 'threshold 0.968' in capsys.readouterr().out
    content = json.loads(out.read_text())
    assert content['classes'] == ['sky', 'road', 'car']
    rows = content['rows']
    assert len(rows) == 6 * 3
    for key in ('source', 'precision', 'recall'):
        for name in content['classes']:
            values = [row[key] for row in rows if row['class'] == name]
            assert len(set(values)) == 1
    by_labels = [row for row in rows if row['assignment'] == 'labels']
    assert all(row['updates'] > 0 for row in by_labels)
    assert all(row['offset'] is not None for row in by_labels)


def test_a_plain_segmentor_has_no_teacher(tiny_config, run_tool, tmp_path):
    config = tiny_config()
    weights = tmp_path / 'weights.pth'
    torch.save(dict(state_dict={}, meta={}), weights)
    with pytest.raises(SystemExit, match='needs a model with a student'):
        run_tool('benchmarks/assignment_offsets.py', config, weights)
