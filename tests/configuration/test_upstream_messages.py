"""Advice on errors of other packages, as those packages raise them."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import distributed

from mmseg_balance.configuration.upstream_messages import advice


def test_sync_batch_norm_on_cpus(monkeypatch):
    """Every stock config has it, and processes on CPUs cannot train it."""
    monkeypatch.setattr(distributed, 'is_initialized', lambda: True)
    try:
        torch.nn.SyncBatchNorm(3)(torch.randn(2, 3, 4, 4))
    except ValueError as error:
        assert "set norm_cfg.type of backbone and heads to 'BN'" in advice(
            error
        )
    else:
        raise AssertionError('torch synchronises batch norms on CPUs now')


def test_multipliers_of_a_weight_decay_that_is_not_set():
    """As AdamW is often written, which has one of its own."""
    cfg = dict(
        optimizer=dict(type='AdamW', lr=0.1),
        paramwise_cfg=dict(norm_decay_mult=0.0),
    )
    with pytest.raises(ValueError) as found:
        build_optim_wrapper(torch.nn.Linear(2, 2), cfg)
    assert 'set optim_wrapper.optimizer.weight_decay' in advice(found.value)
