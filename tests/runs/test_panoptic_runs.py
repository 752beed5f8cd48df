"""Panoptic trainings through the tools: resumed, and on two ranks."""

import pytest
from helpers.killed_runs import resumed_as_whole

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


@pytest.mark.parametrize(
    'method, extra, arguments', [('edaps-bu', ACCUMULATE, ('--amp',))]
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    method, extra, arguments, write_config, fork, tmp_path
):
    config = write_config(7, 2, extra, method)
    first, _ = resumed_as_whole(
        config, tmp_path, 7, 4, fork, arguments=arguments
    )
    instances = [k for k in first[6] if 'src.instance.loss' in k]
    assert len(instances) >= 2 and all(first[6][k] > 0 for k in instances)
    # validated at the end, of which the last line is
    assert {'mIoU', 'mPQ', 'PQ.car'} <= first[7].keys()


def test_two_ranks_stay_equal(write_config, run_two_ranks):
    pytest.importorskip('mmdet')
    ranks = run_two_ranks(write_config(4, 4, DUMP, 'edaps'))
    state = ranks[0]['state']
    assert any('instance_head.roi_head' in key for key in state)
