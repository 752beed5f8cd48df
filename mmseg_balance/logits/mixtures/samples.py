"""Samples of the mixtures of a bank, as they wait for an update."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Samples(NamedTuple):
    """Samples of mixtures; NaN is none.

    Attributes:
        values: float32 ``(*shape, n)`` with the shape of the bank, or of
            some of its rows.
        rows: Those rows, int64 (R,). Default: all. Only where the host knows
            them at no cost; see :mod:`mmseg_balance.logits.host`.
    """

    values: Tensor
    rows: Tensor | None = None


def merged(
    samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
) -> list[Tensor]:
    """Samples of all calls side by side.

    Args:
        samples: Of each bank those of any number of calls.
        sizes: Mixtures of each bank.

    Returns:
        Of each bank (mixtures, n), contiguous.
    """
    return [
        torch.cat([_full(call, size) for call in calls], dim=1)
        if len(calls) > 1
        else _full(calls[0], size).contiguous()
        for calls, size in zip(samples, sizes, strict=True)
    ]


def placed(
    samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
) -> Iterator[tuple[Tensor, slice | Tensor]]:
    """Samples of each call (R, n), and to which mixtures of all they belong.

    Args: as of :func:`merged`.
    """
    start = 0
    for calls, size in zip(samples, sizes, strict=True):
        for values, rows in calls:
            flat = values.flatten(0, -2)
            if rows is None:
                yield flat, slice(start, start + size)
            else:
                yield flat, start + _mixtures(values, rows)
        start += size


def in_rows(
    samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """All samples in rows of one length, several of a mixture that has more.

    Args: as of :func:`merged`.

    Returns:
        Rows (R, n), NaN where they are not full, and the mixture of each,
        int64 (R,).
    """
    calls = [call for call in placed(samples, sizes) if call[0].numel()]
    if not calls:
        empty = samples[0][0].values.new_empty(0, 1)
        return empty, empty[:, 0].long()
    length = min(values.shape[1] for values, _ in calls)
    numbers = torch.arange(sum(sizes), device=calls[0][0].device)
    rows, owners = [], []
    for values, place in calls:
        missing = -values.shape[1] % length
        if missing:
            values = F.pad(values, (0, missing), value=torch.nan)
        parts = values.shape[1] // length
        rows.append(values.reshape(-1, length))
        owners.append(numbers[place].unsqueeze(1).expand(-1, parts).flatten())
    return torch.cat(rows), torch.cat(owners)


def _mixtures(values: Tensor, rows: Tensor) -> Tensor:
    """Numbers of the mixtures in some rows of a bank."""
    inner = math.prod(values.shape[1:-1])
    inside = torch.arange(inner, device=rows.device)
    return (rows.unsqueeze(1) * inner + inside).flatten()


def _full(samples: Samples, size: int) -> Tensor:
    """Samples of all mixtures of a bank, (mixtures, n)."""
    values, rows = samples
    flat = values.flatten(0, -2)
    if rows is None:
        return flat
    full = flat.new_full((size, flat.shape[1]), torch.nan)
    full[_mixtures(values, rows)] = flat
    return full
