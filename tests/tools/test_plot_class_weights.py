"""Class weights from the loss to the picture."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mmseg_balance.engine.hooks import ClassWeightsHook
from mmseg_balance.engine.hooks.class_weights_hook import owner_names
from mmseg_balance.models.losses import GBWLoss, RoIClassificationLoss
from mmseg_balance.models.panoptic import InstanceHead
from mmseg_balance.runs.records.class_weight_log import read_class_weights


def train(folder, iterations, begin=0, interval=2, model=None):
    """Call a GBW loss on both branches, and note what it had for weights."""
    model = (model or nn.ModuleDict(dict(loss=GBWLoss()))).train()
    hook = ClassWeightsHook(interval)
    dataset = SimpleNamespace(metainfo=dict(classes=('a', 'b', 'c')))
    folder.mkdir(parents=True)
    written = {}
    runner = SimpleNamespace(
        model=model,
        visualizer=SimpleNamespace(
            add_scalars=lambda values, step: written.update({step: values})
        ),
        train_dataloader=SimpleNamespace(dataset=dataset),
        log_dir=str(folder),
        iter=begin,
    )
    hook.before_train(runner)
    seen = dict(source=[], mixed=[])
    for i in range(iterations):
        for branch, mask in (('source', None), ('mixed', True)):
            logits = torch.randn(2, 3, 5, requires_grad=True)
            labels = torch.randint(3, (2, 5))
            weights = model['loss'].weights(logits, labels)
            seen[branch].append(weights.numpy())
            model['loss'](logits, labels, target_mask=mask)
            # these are not noted
            model['loss'](logits, labels, target_mask=mask, collect=False)
            if 'instance_head' in model:
                model['instance_head'].loss_cls(logits[:, :, 0], labels[:, 0])
        runner.iter = begin + i
        hook.after_train_iter(runner, i)
    runner.iter += 1
    hook.after_train(runner)
    seen['scalars'] = written
    return seen


def test_lines_are_the_weights_of_the_calls(tmp_path):
    torch.manual_seed(0)
    seen = train(tmp_path / '1', iterations=6, interval=3)
    classes, lines = read_class_weights(tmp_path)
    assert classes == ['a', 'b', 'c']
    scalars = seen.pop('scalars')
    assert list(scalars) == [3, 6]
    means = seen['mixed'][:3]
    for c, name in enumerate(classes):
        value = scalars[3][f'weight.criterion.mixed/{name}']
        np.testing.assert_allclose(value, np.mean(means, 0)[c])
    assert list(lines) == [('loss', 'source'), ('loss', 'mixed')]
    for (_, branch), of in lines.items():
        assert [line['iter'] for line in of] == [3, 6]
        for line, values in zip(of, np.split(np.array(seen[branch]), 2)):
            np.testing.assert_allclose(line['mean'], values.mean(0))
            np.testing.assert_allclose(line['max'], values.max(0))
            np.testing.assert_allclose(
                line['variance'], values.var(0), atol=1e-12
            )


class Regions(InstanceHead):
    """An instance branch of the classes 'c' and 'a' with a loss."""

    losses = predict = None

    def __init__(self):
        super().__init__(things=(0, 2))
        self.loss_cls = RoIClassificationLoss(dict(type='GBWLoss'))


def test_a_classifier_of_instances_has_its_own_names(tmp_path, run_tool):
    model = nn.ModuleDict(dict(loss=GBWLoss(), instance_head=Regions()))
    train(tmp_path / '1', iterations=4, model=model)
    scalars = train(tmp_path / '2', 2, begin=4, model=model)['scalars']
    owner = 'weight.instance_head.source/'
    names = [k.removeprefix(owner) for k in scalars[6] if owner in k]
    assert names == ['a', 'c', 'background']
    classes, lines = read_class_weights(tmp_path)
    assert classes == ['a', 'b', 'c']
    path = 'instance_head.loss_cls.criterion'
    assert lines[path, 'source'][0]['names'] == names
    assert 'names' not in lines['loss', 'source'][0]
    run_tool(
        'analysis_tools/plot_class_weights.py', tmp_path, '--classes', 'b', 'c'
    )
    file = tmp_path / f'figures/class_weights_{path}_source_by_class.csv'
    rows = file.with_name(file.name.replace('.', '_', 2)).read_text()
    assert {row.split(',')[0] for row in rows.splitlines()[1:]} == {*names}


def test_a_resumed_run_counts_once(tmp_path):
    train(tmp_path / '1', iterations=6)
    train(tmp_path / '2', iterations=6, begin=4)
    _, lines = read_class_weights(tmp_path)
    assert [x['iter'] for x in lines['loss', 'mixed']] == [2, 4, 6, 8, 10]
    later = (tmp_path / '2/class_weights.jsonl').read_text().splitlines()
    assert lines['loss', 'source'][2:] == [
        json.loads(x) for x in later if '"source"' in x
    ]


def test_a_picture_for_each_branch(run_tool, tmp_path, capsys):
    train(tmp_path / '1', iterations=4)
    run_tool('analysis_tools/plot_class_weights.py', tmp_path)
    captured = capsys.readouterr()
    assert 'without the share of source pixels' in captured.err
    assert f'{tmp_path} has no config' in captured.err
    out = tmp_path / 'figures'
    names = [
        f'class_weights_{b}{e}'
        for b in ('mixed', 'source')
        for e in ('', '_by_class')
    ]
    assert sorted(p.name for p in out.iterdir()) == sorted(
        f'{name}.{suffix}' for name in names for suffix in ('csv', 'png')
    )
    for name in names:
        picture = np.asarray(Image.open(out / f'{name}.png'))
        assert picture.shape[1] == 975 and picture.std() > 10
    with pytest.raises(SystemExit, match='--overwrite'):
        run_tool('analysis_tools/plot_class_weights.py', tmp_path)


def test_nothing_to_draw(run_tool, tmp_path, capsys):
    with pytest.raises(SystemExit, match='ClassWeightsHook'):
        run_tool('analysis_tools/plot_class_weights.py', tmp_path)
    for text in ('{"iter": 1\n{}\n', '{"iter": 1}\n', '3\n{}', '[1]\n{}'):
        (tmp_path / '1').mkdir(exist_ok=True)
        (tmp_path / '1/class_weights.jsonl').write_text(text)
        with pytest.raises(SystemExit, match='class_weights.jsonl, line 1'):
            run_tool('analysis_tools/plot_class_weights.py', tmp_path)


def test_a_last_line_that_is_cut_off(tmp_path, capsys):
    train(tmp_path / '1', iterations=4)
    file = tmp_path / '1/class_weights.jsonl'
    file.write_text(file.read_text()[:-20])
    _, lines = read_class_weights(tmp_path)
    assert [len(of) for of in lines.values()] == [2, 1]
    assert 'its last line is cut off' in capsys.readouterr().err


def test_a_run_begun_anew_takes_the_place_of_the_old_one(tmp_path):
    train(tmp_path / '1', iterations=6)
    train(tmp_path / '2', iterations=4, interval=4)
    _, lines = read_class_weights(tmp_path)
    assert [x['iter'] for x in lines['loss', 'mixed']] == [4]


def test_what_is_left_at_the_end_is_written(tmp_path):
    train(tmp_path / '1', iterations=5, interval=3)
    _, lines = read_class_weights(tmp_path)
    found = [(x['iter'], x['calls']) for x in lines['loss', 'source']]
    assert found == [(3, 3), (5, 2)]


def test_no_loss_whose_weights_change():
    runner = SimpleNamespace(model=nn.Linear(1, 1))
    with pytest.raises(ValueError, match='found no loss'):
        ClassWeightsHook().before_train(runner)
    with pytest.raises(ValueError, match='`interval`.*0'):
        ClassWeightsHook(0)


def test_no_scalar_passes_for_a_loss():
    paths = [
        'student.decode_head.loss_decode.criterion',
        'student.decode_head.loss_decode.2',
        'student.decode_head.head.loss_decode',
        'objectives.1.criterion',
        'loss',
    ]
    assert list(owner_names(paths).values()) == [
        *('decode_head', 'decode_head_2', 'decode_head.head'),
        *('objectives.1.criterion', 'criterion'),
    ]
