"""Advice on errors of other packages, as those packages raise them."""

import torch
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
