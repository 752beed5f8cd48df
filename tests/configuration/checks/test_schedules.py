"""What of a schedule is said, beside the runs that meet it."""

import pytest
from mmengine.config import Config

from mmseg_balance.configuration.checks.schedules import check_schedules


@pytest.mark.parametrize(
    'settings, start',
    [
        (dict(rule='warp'), 1500),
        (dict(rule='warp', start=300), 300),
        (dict(rule='warp', start=299), None),
        (None, None),
    ],
)
def test_labels_that_are_never_refined_are_said(settings, start):
    model = dict(type='DACS', pseudo_refinement=settings)
    lines = check_schedules(
        Config(dict(model=model, train_cfg=dict(max_iters=300)))
    )
    said = f'pseudo_refinement.start is {start}, and train_cfg.max_iters is'
    assert [said in line for line in lines] == [True] * (start is not None)
