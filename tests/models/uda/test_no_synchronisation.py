"""A step never asks for a value on the device, but for the log.

On the meta device tensors have shapes and no values: whatever would make the
host wait for a GPU (``.item()``, ``bool(tensor)``, indexing with a mask)
raises there, and the code takes the ways that it takes on a GPU.
"""

from contextlib import nullcontext

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from mmseg_balance.models.uda import base

BLDA = dict(type='BLDALoss', num_classes=4)


@pytest.fixture
def logged(monkeypatch):
    """The logs of a step, which are the one thing that is fetched."""
    logs = {}
    monkeypatch.setattr(
        base, 'to_host', lambda values, losses: logs.update(values)
    )
    return logs


@pytest.mark.parametrize(
    'settings',
    [
        dict(loss=dict(type='CrossEntropyLoss')),
        dict(loss=BLDA),
        dict(loss=BLDA, density_estimation={}),
        dict(loss=BLDA | dict(anchor='target')),
        dict(loss=BLDA | dict(anchor=2)),
        dict(loss=BLDA | dict(grid_size=None)),
    ],
    ids=['dacs', 'blda', 'density', 'target anchor', 'class anchor', 'direct'],
)
def test_a_step_runs_without_values(
    build, batch, logged, settings, monkeypatch
):
    init_default_scope('mmseg')
    # torch knows no autocast of the meta device, not even to switch it off
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    # set up on the CPU, where the checks of a build may look at values
    model = build(**settings).to('meta')
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    for _ in range(2):
        model.train_step(batch(), wrapper)
        loss = model.student.decode_head.loss_decode
        if hasattr(loss, 'update_statistics'):
            loss.update_statistics()
            assert loss.statistics.source.means.device.type == 'meta'
        model.update_teacher(2)
    assert {'src.loss', 'mix.loss', 'mix.confident'} <= set(logged)
    assert all(value.device.type == 'meta' for value in logged.values())


def test_ranks_that_exchange_sums_run_without_values():
    from mmseg_balance.logits import LogitStatistics

    statistics = LogitStatistics(5).to('meta')
    logits = torch.randn(2, 5, 16, 16, device='meta')
    labels = torch.zeros(2, 16, 16, dtype=torch.long, device='meta')
    statistics.collect(logits, labels)
    exchanged = []

    def reduce(tensor):
        exchanged.append(tensor)
        return tensor

    statistics.update(reduce)
    assert statistics.offset(logits, labels).device.type == 'meta'
    # what a bank sends: its samples' moments, one message a loop, the mask
    assert len(exchanged) == 3 * (1 + statistics.em_loops + 1)


def test_the_test_would_notice():
    with pytest.raises((RuntimeError, NotImplementedError)):
        bool(torch.zeros((), device='meta') > 0)
    with pytest.raises((RuntimeError, NotImplementedError)):
        torch.zeros(3, device='meta')[torch.ones(3, device='meta').bool()]
