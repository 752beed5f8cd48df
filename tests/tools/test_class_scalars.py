"""Scalars of each class, from the training to the files of the backends."""

import json

import numpy as np
import pytest
import torch

from mmseg_balance.engine.hooks import ClassScalarsHook

CLASSES = ('sky', 'road', 'car')


def scalars_of(work_dir):
    """Lines of scalars.json that have values of classes, by step."""
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, file.read_text().splitlines())
    return {
        line.pop('step'): line
        for line in lines
        if any('/' in key for key in line)
    }


def test_scalars_of_a_training(uda_config, run_tool, tmp_path, capsys):
    hook = dict(type='ClassScalarsHook', interval=2)
    out = tmp_path / 'run'
    run_tool('train.py', uda_config(hooks=[hook]), '--work-dir', out)
    found = scalars_of(out)
    assert list(found) == [2, 4, 6]
    assert 'pseudo.share' not in capsys.readouterr().out
    last = found[6]
    names = {key.partition('/')[0] for key in last}
    assert names == {
        *('label.share', 'pseudo.share', 'pseudo.confidence'),
        *('logit.source', 'logit.target', 'offset.source', 'offset.target'),
    }
    assert not any('loss' in name for name in last)
    for name in ('label.share', 'pseudo.share'):
        shares = [last[f'{name}/{c}'] for c in CLASSES]
        np.testing.assert_allclose(sum(shares), 1)
    # the distributions are those of the checkpoint
    state = torch.load(out / 'iter_6.pth')['state_dict']
    prefix = 'student.decode_head.loss_decode.statistics.source'
    weights, means = (state[f'{prefix}.{k}'] for k in ('weights', 'means'))
    for c, name in enumerate(CLASSES):
        mean = float((weights[c, c] * means[c, c]).sum())
        np.testing.assert_allclose(last[f'logit.source/{name}'], mean, 1e-5)

    # a resumed run goes on at the same steps with the same numbers
    resumed = tmp_path / 'resumed'
    arguments = ['--work-dir', resumed, '--resume', out / 'iter_3.pth']
    run_tool('train.py', uda_config('again', [hook]), *arguments)
    again = scalars_of(resumed)
    assert list(again) == [4, 6]
    assert all(again[step] == found[step] for step in again)


def test_a_stock_segmentor(tiny_config, run_tool, tmp_path):
    """Labels alone: it has no pseudo-labels, and no distributions."""
    hook = dict(type='ClassScalarsHook', interval=3)
    config = tiny_config(custom_hooks=[hook])
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    found = scalars_of(tmp_path / 'run')
    assert list(found) == [3, 6]
    assert found[3].keys() == {f'label.share/{c}' for c in CLASSES}
    # rows of sky below those that are ignored, road and a car on both
    np.testing.assert_allclose(found[3]['label.share/car'], 240 / 1824)


@pytest.mark.parametrize('interval', [0, -1, 2.5, True, None])
def test_an_interval_that_never_comes(interval):
    with pytest.raises(ValueError, match='`interval` of ClassScalarsHook'):
        ClassScalarsHook(interval)
