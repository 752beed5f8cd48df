"""BalanceSignalsHook in trainings of the tools."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_balance.logits import load_statistics
from mmseg_balance.logits.bias import mixture_bias

CLASSES = ('sky', 'road', 'car')
NAMES = ('share.target', 'balance/')


def scalars_of(work_dir):
    """Lines of scalars.json that are the hook's, by step."""
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, file.read_text().splitlines())
    return {
        line.pop('step'): line
        for line in lines
        if any(key.startswith(NAMES) for key in line)
    }


def test_signals_of_a_training(uda_config, run_tool, tmp_path, capsys):
    hook = dict(type='BalanceSignalsHook', interval=2, begin=2)
    out = tmp_path / 'run'
    hooks = [hook, dict(type='ClassScalarsHook', interval=1)]
    run_tool('train.py', uda_config(hooks=hooks), '--work-dir', out)
    (file,) = out.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    found = {line['step']: line for line in lines if NAMES[1] in str(line)}
    assert list(found) == [2, 4, 6]
    assert 'share.target' not in capsys.readouterr().out

    # images are of one size: shares of the sum are the mean of shares
    each = {
        line['step']: line for line in lines if 'pseudo.share' in str(line)
    }
    for step, line in found.items():
        for own, other in (('source', 'label'), ('target', 'pseudo')):
            for c in CLASSES:
                pair = [
                    each[i][f'{other}.share/{c}'] for i in (step - 1, step)
                ]
                assert line[f'share.{own}/{c}'] == pytest.approx(np.mean(pair))
    # the last line is of the checkpoint's distributions
    statistics, _ = load_statistics(out / 'iter_6.pth')
    bank = statistics.target
    bias = dict(zip(CLASSES, 100 * mixture_bias(bank), strict=True))
    known = {c: float(b) for c, b in bias.items() if not b.isnan()}
    assert known
    for c, value in known.items():
        assert found[6][f'bias.target/{c}'] == pytest.approx(value)
    mean = np.mean(np.abs(list(known.values())))
    assert found[6]['balance/bias_target'] == pytest.approx(mean)
    assert 'balance/from_start' in found[6]
    # updates of a class by those of the bank, over all lines
    for i, c in enumerate(CLASSES):
        done = sum(2 * line[f'support.source/{c}'] for line in found.values())
        assert done == pytest.approx(int(statistics.source.num_updates[i, i]))

    resumed = tmp_path / 'resumed'
    arguments = ['--work-dir', resumed, '--resume', out / 'iter_3.pth']
    run_tool('train.py', uda_config('again', [hook]), *arguments)
    again = scalars_of(resumed)
    assert list(again) == [4, 6]
    for step, line in again.items():
        assert line | dict(step=step) == found[step]


def test_weights_do_not_depend_on_it(uda_config, run_tool, tmp_path):
    states = []
    for name, hooks in (
        ('without', []),
        ('with', [dict(type='BalanceSignalsHook', interval=2)]),
    ):
        out = tmp_path / name
        run_tool('train.py', uda_config(name, hooks), '--work-dir', out)
        states.append(torch.load(out / 'iter_6.pth')['state_dict'])
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_a_training_without_distributions(uda_config, run_tool, tmp_path):
    hook = dict(type='BalanceSignalsHook', interval=3)
    config = uda_config(hooks=[hook])
    cfg = Config.fromfile(config)
    head = cfg.model.segmentor.decode_head
    head.loss_decode = dict(type='CrossEntropyLoss')
    cfg.dump(config)
    out = tmp_path / 'run'
    run_tool('train.py', config, '--work-dir', out)
    found = scalars_of(out)
    assert list(found) == [3, 6]
    assert not any(key.startswith(('bias', 'support')) for key in found[6])
    assert 'balance/from_source' in found[6]


def test_a_stock_segmentor_is_refused(tiny_config, run_tool, tmp_path):
    config = tiny_config(custom_hooks=[dict(type='BalanceSignalsHook')])
    with pytest.raises(SystemExit) as exit_:
        run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    message = str(exit_.value)
    assert 'neither pseudo-labels nor BLDALoss' in message
    assert (
        "remove dict(type='BalanceSignalsHook') from custom_hooks" in message
    )
    assert len(message.splitlines()) == 1
