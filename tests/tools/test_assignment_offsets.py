"""tools/benchmarks/assignment_offsets.py, on logits made up and a tiny run."""

import json
import math

import pytest
import torch

from mmseg_balance.logits import LogitStatistics

# probability that the teacher gives to class 1, of pixels that are class 1;
# those behind them are class 0, of which it is sure, and some without a label
KNOWN = {1.0: slice(0, 400), 0.93: slice(400, 800), 0.85: slice(800, 1200)}
MISSED = slice(1200, 1600)
OTHERS, IGNORED = slice(1600, 1800), slice(1800, 2000)
MISSED_PROBABILITY = 0.4


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/target_offsets.py')


def view():
    """Logits of the student and of the teacher, and labels, of one image."""
    student = torch.randn(2, 2000)
    labels = torch.ones(2000, dtype=torch.long)
    labels[OTHERS], labels[IGNORED] = 0, 255
    teacher = torch.zeros(2, 2000)
    for probability, pixels in (KNOWN | {MISSED_PROBABILITY: MISSED}).items():
        odds = probability / max(1 - probability, 1e-9)
        teacher[1, pixels] = math.log(odds)
    teacher[0, OTHERS] = 30.0
    shaped = [t.unflatten(-1, (40, 50)) for t in (student, teacher, labels)]
    return tuple(shaped)


def test_which_pixels_each_row_is_of(tool, monkeypatch):
    image = view()
    offsets = tool.TargetOffsets(LogitStatistics(2, min_samples=5))
    given = {}
    for name, statistics in offsets.statistics.items():

        def collect(logits, classes, target_mask, name=name):
            assert torch.equal(logits, image[0].unsqueeze(0))
            assert target_mask.all() and target_mask.shape == classes.shape
            given[name] = classes.flatten()

        monkeypatch.setattr(statistics, 'collect', collect)
    offsets.add_target(*image)
    for name, classes in given.items():
        assert (classes[IGNORED] == 255).all()
        assert (classes[OTHERS] == 0).all()
        assert (classes[KNOWN[1.0]] == 1).all(), name
    share = {
        (name, label, probability): float(
            (given[name][pixels] == label).float().mean()
        )
        for name in given
        for label in (0, 1, 255)
        for probability, pixels in (
            *KNOWN.items(),
            (MISSED_PROBABILITY, MISSED),
        )
    }
    assert share['labels', 1, MISSED_PROBABILITY] == 1
    assert share['hard', 0, MISSED_PROBABILITY] == 1
    # a draw of 400 is within three standard deviations of 0.025
    soft = share['soft', 1, MISSED_PROBABILITY]
    assert soft == pytest.approx(0.4, abs=0.075)
    assert share['soft', 0, MISSED_PROBABILITY] == pytest.approx(1 - soft)
    counted = share['confidence', 0, MISSED_PROBABILITY]
    assert counted == pytest.approx(0.6, abs=0.075)
    assert share['confidence', 255, MISSED_PROBABILITY] == pytest.approx(
        1 - counted
    )
    for probability, is_sure in ((0.93, 1), (0.85, 0)):
        assert share['hard', 1, probability] == 1
        assert share['threshold 0.9', 1, probability] == is_sure
        assert share['threshold 0.9', 255, probability] == 1 - is_sure
    # rows are labels; the ignored count nowhere
    assert offsets.teacher.tolist() == [[200, 0], [400, 1200]]


def test_a_teacher_that_is_right_and_sure_leaves_all_rows_alike(tool):
    images = [view() for _ in range(3)]
    source = LogitStatistics(2, min_samples=5, warmup=1)
    for student, _, labels in images:
        source.collect(student.unsqueeze(0), labels.unsqueeze(0))
        source.update()
    offsets = tool.TargetOffsets(source)
    for student, _, labels in images:
        sure = torch.stack((labels == 0, labels == 1)) * 30.0
        offsets.add_target(student + 1, sure, labels)
    own = offsets.statistics['labels']
    for statistics in offsets.statistics.values():
        for bank in (statistics.source, statistics.target):
            assert bank.num_updates.tolist() == [[3, 3], [3, 3]]
        for key, value in own.state_dict().items():
            assert torch.equal(value, statistics.state_dict()[key]), key
    assert not torch.equal(own.source.means, own.target.means)


def test_of_a_checkpoint(uda_config, run_tool, tmp_path, capsys):
    """The table of a run: the source's column is that of all rows."""
    config = uda_config()
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    out = tmp_path / 'rows.json'
    options = ('--min-samples', 5, '--max-images', 4, '--out', out)
    checkpoint = tmp_path / 'run' / 'iter_6.pth'
    run_tool('benchmarks/assignment_offsets.py', config, checkpoint, *options)
    assert 'threshold 0.9' in capsys.readouterr().out
    content = json.loads(out.read_text())
    assert content['classes'] == ['sky', 'road', 'car']
    assert content['target_images'] == 4 and content['warmup'] == 1
    assert content['checkpoint'] == 'iter_6.pth'
    assert len(content['teacher']['recall']) == 3
    rows = content['rows']
    assert len(rows) == 5 * 3
    for key in ('source', 'precision', 'recall'):
        for name in content['classes']:
            values = [row[key] for row in rows if row['class'] == name]
            assert len(set(values)) == 1
            assert key == 'precision' or values[0] is not None
    by_labels = [row for row in rows if row['assignment'] == 'labels']
    assert all(row['updates'] > 0 for row in by_labels)
    assert all(row['offset'] is not None for row in by_labels)


def test_a_plain_segmentor_has_no_teacher(tiny_config, run_tool, tmp_path):
    config = tiny_config()
    weights = tmp_path / 'weights.pth'
    torch.save(dict(state_dict={}, meta={}), weights)
    with pytest.raises(SystemExit, match='needs a model with a student'):
        run_tool('benchmarks/assignment_offsets.py', config, weights)
