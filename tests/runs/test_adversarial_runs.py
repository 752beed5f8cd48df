"""Two optimizers through the tools: resumed, on two ranks, and tested."""

import pytest
import torch
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT

DUMP = """
custom_imports = dict(imports=['mmseg_balance', 'dump_rank'])
custom_hooks = [dict(type='IterationSeedHook'), dict(type='DumpRank')]
"""
# the remainder of 7 iterations is one of its own
ACCUMULATE = """
optim_wrapper = dict(
    student=dict(accumulative_counts=2, clip_grad=dict(max_norm=1.0)),
    discriminator=dict(accumulative_counts=2))
"""


def load(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    'method, extra, arguments',
    [
        ('advent', ACCUMULATE, ('--amp',)),
        ('max-square', '', ()),
        ('phfa', '', ()),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    method, extra, arguments, write_config, start, fork, tmp_path
):
    config = write_config(7, 2, extra, method)
    first, a = resumed_as_whole(config, tmp_path, 7, 4, fork, start, arguments)
    is_adversarial = method != 'max-square'
    both = {'student', 'discriminator'}
    assert (set(a['optimizer']) == both) == is_adversarial
    assert ('discriminator.lr' in first[5]) == is_adversarial
    assert any('discriminators' in k for k in a['state_dict']) == (
        is_adversarial
    )
    if method == 'phfa':
        assert first[6]['tgt.loss_stuff'] > 0
    if extra:
        for number, iteration in enumerate((2, 4, 6, 7), 1):
            file = tmp_path / 'whole' / f'iter_{iteration}.pth'
            state = load(file)['optimizer']
            for name in both:
                assert state[name]['state'][0]['step'] == number


def test_two_ranks_stay_equal(write_config, run_two_ranks):
    ranks = run_two_ranks(write_config(6, 6, DUMP, 'phfa'))
    state = ranks[0]['state']
    assert any('discriminators' in key for key in state)
    # features of both ranks' images are in the buffers of both
    (rows,) = (v for k, v in state.items() if k.endswith('stuff.rows'))
    assert rows.any()


def test_checkpoints_are_tested(write_config, start, fork, tmp_path):
    config = write_config(2, 2, method='advent')
    work = tmp_path / 'work'
    process = fork('train.py', config, '--work-dir', work)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    process = start(
        *('python', ROOT / 'tools/test.py', config, work / 'iter_2.pth'),
        *('--work-dir', work),
    )
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert 'mIoU' in output and 'scores: ' in output


@pytest.mark.parametrize(
    'extra, message',
    [
        (
            "optim_wrapper = dict(_delete_=True, type='OptimWrapper', "
            "optimizer=dict(type='SGD', lr=0.1))\nparam_scheduler = None",
            "optimizers ['discriminator', 'student'], but optim_wrapper has "
            'one optimizer',
        ),
        (
            'param_scheduler = dict(_delete_=True, student=[])',
            "keys ['student'], expected the keys ['discriminator', 'student']",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(
    extra, message, write_config, fork, tmp_path
):
    config = write_config(2, 2, extra, 'advent')
    process = fork('train.py', config, '--work-dir', tmp_path)
    output = process.communicate()[0]
    assert process.returncode == 1
    lines = [k for k in output.splitlines() if k.startswith('error: ')]
    assert len(lines) == 1 and message in lines[0], output
