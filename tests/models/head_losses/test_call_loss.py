"""What losses are called with, by how their forward is written."""

from functools import partialmethod, wraps

import pytest
import torch
from torch import nn

from mmseg_balance.models.head_losses.call_loss import (
    DOMAIN_ARGUMENTS,
    call_loss,
)
from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.head_losses.signatures import names_argument


def asking(self, logits, labels, target_mask=None, collect=True, **kwargs):
    return dict(target_mask=target_mask, collect=collect, **kwargs)


def unasked(self, *args, **kwargs):
    return kwargs


@wraps(asking)
def decorated(*args, **kwargs):
    return asking(*args, **kwargs)


class Loss(nn.Module):
    pass


@pytest.mark.parametrize(
    'forward, asks',
    [
        (asking, True),
        (partialmethod(asking, factor=2), True),
        (decorated, True),
        (unasked, False),
    ],
)
def test_domains_go_to_those_that_name_them(forward, asks):
    loss = type('Own', (Loss,), dict(forward=forward))()
    labels = torch.zeros(1, 2, 2, dtype=torch.long)
    targets = PixelTargets(labels, labels.float(), labels > 0)
    before = names_argument.cache_info().currsize
    for _ in range(3):
        found = call_loss(loss, labels[None], targets, 7, False)
    assert found['weight'] is targets.weight and found['ignore_index'] == 7
    assert (found.get('target_mask') is targets.target_mask) is asks
    assert ('collect' in found) is asks
    size = names_argument.cache_info().currsize
    assert size == before + len(DOMAIN_ARGUMENTS)
