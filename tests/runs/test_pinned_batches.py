"""Where batches lie on their way to a GPU."""

import pytest
import torch

from mmseg_balance.runs.build import pinned


@pytest.mark.parametrize(
    ('has_gpu', 'loader', 'expected'),
    [
        (True, dict(batch_size=2), dict(batch_size=2, pin_memory=True)),
        (True, dict(pin_memory=False), dict(pin_memory=False)),
        (False, dict(batch_size=2), dict(batch_size=2)),
    ],
)
def test_batches_are_pinned_where_there_is_a_gpu(
    has_gpu, loader, expected, monkeypatch
):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: has_gpu)
    given = dict(loader)
    assert pinned(given) == expected
    assert given == loader
    assert pinned(loader.items) == loader.items
