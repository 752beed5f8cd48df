"""Offsets of logits, each by ``align`` or looked up in a table.

Direct evaluation is exact, and dear: K error functions and an inversion for
each logit. Training uses :class:`~.table.OffsetTable`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import UserValueError
from ..mixtures.gmm import GaussianMixtureBank
from .reference.alignment import align, check_banks
from .tables.table import OffsetTable

# Pixels whose gathered mixtures, (pixels, C, K), are alive at one time.
_CHUNK = 2**16


@torch.no_grad()
def logit_offset(
    logits: Tensor,
    labels: Tensor,
    bank: GaussianMixtureBank | Sequence[GaussianMixtureBank],
    anchors: GaussianMixtureBank,
    clip: float = 0.01,
    ignore_index: int = 255,
    grid_size: int | None = 512,
    domain: Tensor | None = None,
) -> Tensor:
    """Offset Delta_cl(z) = z' - z for each logit, see ``align``.

    Args:
        logits: (N, C, ...).
        labels: (N, ...), the class c of each pixel.
        bank: Mixtures of shape (C, C), or one bank a domain.
        anchors: Bank of shape (2,): positive, then negative.
        clip: The CDF is clamped to [clip, 1 - clip] before it is inverted.
        ignore_index: Label of pixels whose offset is 0.
        grid_size: Points of the table; None computes each logit by
            :func:`.reference.alignment.align`.
        domain: Index of each pixel's bank, (N, ...), bool or integer.
            Default: the first bank for all.

    Returns:
        Offsets, float32 (N, C, ...), without gradient; 0 for ignored pixels
        and for pairs that were never updated.

    Raises:
        ValueError: Banks of other shapes, or a ``domain`` and one bank.

    Example:
        >>> bank = GaussianMixtureBank((2, 2))
        >>> anchors = GaussianMixtureBank((2,))
        >>> _ = bank.num_updates.fill_(1)  # as if they had been fitted
        >>> anchors.means += torch.tensor([[4.0], [-4.0]])
        >>> logit_offset(torch.zeros(1, 2), torch.tensor([0]), bank, anchors)
        tensor([[ 4.0000, -4.0000]])
    """
    num_classes = logits.shape[1]
    banks = [bank] if isinstance(bank, GaussianMixtureBank) else list(bank)
    for each in banks:
        check_banks(each, anchors, num_classes)
    if domain is not None and len(banks) < 2:
        raise UserValueError(
            'Expected `bank` to be one bank a domain, since `domain` tells '
            f'them apart, but got {len(banks)}'
        )
    if grid_size is not None:
        table = OffsetTable.build(banks, anchors, clip, grid_size)
        return table.lookup(logits, labels, domain, ignore_index)
    parameters = [
        torch.cat(p)  # (domains * C, C, K)
        for p in zip(*(b.parameters_ for b in banks), strict=True)
    ]
    num_updates = torch.cat([b.num_updates for b in banks])
    z = logits.detach().float().movedim(1, -1).reshape(-1, num_classes)
    flat = labels.reshape(-1)
    classes = torch.arange(num_classes, device=z.device)
    offset = torch.zeros_like(z)
    for start in range(0, len(z), _CHUNK):
        part = slice(start, start + _CHUNK)
        known = (flat[part] >= 0) & (flat[part] < num_classes)
        known &= flat[part] != ignore_index
        label = torch.where(known, flat[part], 0).long()
        row = label
        if domain is not None:
            row = label + num_classes * domain.reshape(-1)[part].long()
        mixtures = tuple(p[row] for p in parameters)
        points = z[part].unsqueeze(-1)
        positive = (label.unsqueeze(-1) == classes).unsqueeze(-1)
        aligned = align(points, mixtures, positive, anchors, clip)
        counts = (num_updates[row] > 0) & known.unsqueeze(-1)
        offset[part] = ((aligned - points).squeeze(-1)) * counts
    shape = (logits.shape[0], *logits.shape[2:], num_classes)
    return offset.view(shape).movedim(-1, 1)


def own_offset(offset: Tensor, labels: Tensor, ignore_index: int) -> Tensor:
    """Offset of the logit of each pixel's own class.

    Args:
        offset: Delta, (N, C, ...).
        labels: (N, ...).
        ignore_index: Label of pixels without a class.

    Returns:
        (N, ...); NaN where there is no class.
    """
    known = (labels >= 0) & (labels < offset.shape[1])
    known &= labels != ignore_index
    own = torch.where(known, labels, 0).long().unsqueeze(1)
    return offset.gather(1, own).squeeze(1).masked_fill(~known, torch.nan)
