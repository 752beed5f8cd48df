"""What a config leaves away is as published.

BLDA (ICML 2025), Sec. 4.1; Seesaw Loss (CVPR 2021); Class-Balanced Loss (CVPR
2019); BLV (https://github.com/grantword8/BLV); focal loss (ICCV 2017); logit
adjustment (ICLR 2021).
"""

import inspect

import pytest

from mmseg_balance.models.losses import (
    BLDALoss,
    blv_loss,
    class_frequency_loss,
    focal_loss,
    gbw_loss,
    lbw_loss,
    logit_adjustment_loss,
    seesaw_loss,
)
from mmseg_balance.models.losses.class_weights import gradient_weights
from mmseg_balance.models.losses.counted_loss import CountedLoss
from mmseg_balance.models.losses.pixel_loss import PixelLoss

ONE = dict(loss_weight=1.0, class_weight=None)
DEFAULTS = [
    (
        BLDALoss,
        dict(
            tau=0.1,
            criterion=dict(type='CrossEntropyLoss'),
            num_components=5,
            em_loops=3,
            momentum=0.99,
            warmup=1500,
            min_samples=100,
            max_samples=None,
            clip=0.01,
            grid_size=512,
            loss_weight=1.0,
            anchor='source',
            adjust='all',
        ),
    ),
    (BLDALoss.forward, dict(ignore_index=255, collect=True)),
    (PixelLoss.forward, dict(ignore_index=255, collect=True)),
    (CountedLoss, dict(ONE, counts='dataset', allow_absent=False)),
    (seesaw_loss.SeesawLoss, dict(p=0.8, q=2.0, counts='online')),
    (blv_loss.BLVLoss, dict(sigma=4.0)),
    (focal_loss.SoftmaxFocalLoss, dict(ONE, focal_gamma=2.0)),
    (logit_adjustment_loss.LogitAdjustmentLoss, dict(tau=1.0)),
    (
        class_frequency_loss.InverseFrequencyLoss,
        dict(unit='pixels', focal_gamma=0.0),
    ),
    (
        class_frequency_loss.ClassBalancedLoss,
        dict(beta=0.9999, unit='images'),
    ),
    (lbw_loss.LBWLoss, dict(ONE, momentum=0.9, focal_gamma=0.0)),
    (
        gbw_loss.GBWLoss,
        dict(
            ONE,
            mode='normalized',
            regularization=1.0,
            focal_gamma=0.0,
            class_means=False,
        ),
    ),
    (gbw_loss.GBWLoss.weights, dict(weight=None, ignore_index=255)),
    (
        gradient_weights.class_gradients,
        dict(weight=None, mode='paper', focal_gamma=0.0),
    ),
]


@pytest.mark.parametrize(
    'owner, expected',
    DEFAULTS,
    ids=[owner.__qualname__ for owner, _ in DEFAULTS],
)
def test_defaults(owner, expected):
    found = inspect.signature(owner).parameters
    assert {name: found[name].default for name in expected} == expected
