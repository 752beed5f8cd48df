"""Panoptic trainings through the tools: resumed, and on two ranks."""

import signal
import time

import pytest
import torch
from helpers.comparison import assert_equal, losses

DUMP = """
custom_imports = dict(imports=['mmseg_balance', 'dump_rank'])
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='DumpRank'),
]
"""
# the remainder of 7 iterations is one of its own
ACCUMULATE = """
optim_wrapper = dict(accumulative_counts=2, clip_grad=dict(max_norm=1.0))
"""


def load(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    'method, extra, arguments', [('edaps-bu', ACCUMULATE, ('--amp',))]
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    method, extra, arguments, write_config, fork, tmp_path
):
    config = write_config(7, 2, extra, method)
    train = ('train.py', config, *arguments)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    process = fork(*train, '--work-dir', whole)
    output = process.communicate()[0]
    assert process.returncode == 0, output

    process = fork(*train, '--work-dir', killed)
    deadline = time.time() + 600
    while not (killed / 'iter_4.pth').exists():
        assert process.poll() is None and time.time() < deadline, (
            process.communicate()[0]
        )
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert max(losses(killed)) < 7

    process = fork(*train, '--work-dir', killed, '--resume')
    output = process.communicate()[0]
    assert process.returncode == 0, output
    first = losses(whole)
    assert list(first) == list(range(1, 8))
    assert first == losses(killed)
    a, b = load(whole / 'iter_7.pth'), load(killed / 'iter_7.pth')
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_equal(a[part], b[part], part)
    instances = [k for k in first[6] if 'src.instance.loss' in k]
    assert len(instances) >= 2 and all(first[6][k] > 0 for k in instances)
    # validated at the end, of which the last line is
    assert {'mIoU', 'mPQ', 'PQ.car'} <= first[7].keys()


def test_two_ranks_stay_equal(write_config, run_two_ranks):
    pytest.importorskip('mmdet')
    ranks = run_two_ranks(write_config(4, 4, DUMP, 'edaps'))
    state = ranks[0]['state']
    assert any('instance_head.roi_head' in key for key in state)
