"""Offsets from a table: one interpolation for each logit, not K CDFs.

z' = F_a^-1(clip(F_cl(z))) depends on (domain, c, l, z) alone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import UserValueError
from ..mixtures.gmm import GaussianMixtureBank
from .alignment import check_banks
from .fused_lookup import fused_lookup, reads_fused
from .table_lookup import TableReader
from .tabulation import tabulate

MIN_GRID_SIZE = 32


class OffsetTable:
    """Tabulated offsets of several domains, looked up pixel by pixel.

    Equals ``align(z) - z`` to 0.02 in the worst logit and 5e-4 on average, of
    mixtures with collapsed components as well; tested in
    tests/logits/offsets/test_table.py and, against the released code,
    test_alignment.py.

    Made by :meth:`build`. The knots of pair q = (domain, c, l) lie in
    ``values[q]``: first the G + 1 of the uniform grid, then REFINEMENT + 1
    for each refined cell. ``starts`` says for cell b of pair q where its
    knots begin in ``values.flatten()``; the number is negative where the
    cell is a refined one.

    Example:
        >>> source, target = (GaussianMixtureBank((3, 3)) for _ in range(2))
        >>> anchors = GaussianMixtureBank((2,))
        >>> table = OffsetTable.build([source, target], anchors)
        >>> logits, labels = torch.randn(1, 3, 4, 4), torch.ones(1, 4, 4)
        >>> target_mask = torch.rand(1, 4, 4) < 0.5
        >>> delta = table.lookup(logits, labels, domain=target_mask)
        >>> delta.shape, delta.any()  # no pair was fitted yet
        (torch.Size([1, 3, 4, 4]), tensor(False))
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        fitted: Tensor,
        starts: Tensor,
        values: Tensor,
        error: Tensor,
        num_classes: int,
    ) -> None:
        self.low = low  # (C, rows + 1), the last row is for ignored pixels
        self.scale = scale  # (C, rows + 1), cells per logit
        self.fitted = fitted  # (C, rows + 1), 1 or 0
        self.starts = starts  # (rows * C * G)
        self.values = values  # (rows * C, knots)
        # of each logit: what the uniform grid alone would be off
        self.error = error  # (C,)
        self.num_classes = num_classes
        self.num_cells = starts.numel() // max(values.shape[0], 1)
        self.num_rows = low.shape[1] - 1
        # RowLookup keeps what it made of a row
        self.row_lookups: dict[int, Any] = {}

    @classmethod
    @torch.no_grad()
    def build(
        cls,
        banks: Sequence[GaussianMixtureBank],
        anchors: GaussianMixtureBank,
        clip: float = 0.01,
        grid_size: int = 512,
    ) -> 'OffsetTable':
        """Tabulate the offsets of several banks.

        Args:
            banks: One bank of shape (C, C) a domain.
            anchors: Bank of shape (2,): positive, then negative.
            clip: The CDF is clamped to [clip, 1 - clip].
            grid_size: Knots of the uniform grid, at least 32.

        Raises:
            ValueError: Banks that do not fit, or a setting out of range.
        """
        if not 0 <= clip < 0.5:
            raise UserValueError(
                f'Expected `clip` to be in [0, 0.5), but got {clip}'
            )
        if grid_size < MIN_GRID_SIZE:
            raise UserValueError(
                'Expected `grid_size` to be at least '
                f'{MIN_GRID_SIZE}, but got {grid_size}'
            )
        num_classes = banks[0].shape[0]
        for bank in banks:
            check_banks(bank, anchors, num_classes)
        parameters = tuple(
            torch.stack(p).flatten(0, 2)
            for p in zip(*(bank.parameters_ for bank in banks), strict=True)
        )
        size = len(banks) * num_classes
        own = torch.eye(num_classes, device=parameters[0].device)
        low, width, starts, values, error = tabulate(
            parameters,
            own.bool().repeat(len(banks), 1).flatten(),
            anchors,
            clip,
            grid_size,
        )
        fitted = torch.stack([bank.num_updates > 0 for bank in banks])
        low, scale, fitted = (
            _with_ignored_row(t.view(size, num_classes).float())
            for t in (low, 1 / width, fitted)
        )
        return cls(
            low,
            scale,
            fitted,
            starts.flatten(),
            values,
            error.view(size, num_classes).amax(0),
            num_classes,
        )

    @torch.no_grad()
    def lookup(
        self,
        logits: Tensor,
        labels: Tensor,
        domain: Tensor | None = None,
        ignore_index: int = 255,
        kernels: str = 'auto',
    ) -> Tensor:
        """Offsets Delta of a batch.

        Args:
            logits: (N, C, ...).
            labels: (N, ...).
            domain: Index of each pixel's bank, (N, ...), bool or integer.
                Default: the first bank for all.
            ignore_index: Label of pixels whose offset is 0.
            kernels: What reads: see :func:`.fused_lookup.reads_fused`.

        Returns:
            Offsets, float32 (N, C, ...), 0 for ignored pixels and for pairs
            that were never updated.
        """
        if logits.shape[1] != self.num_classes:
            raise UserValueError(
                f'Expected {self.num_classes} logits a pixel, '
                f'but got {logits.shape[1]}'
            )
        if reads_fused(logits, kernels):
            return fused_lookup(self, logits, labels, domain, ignore_index)
        reader = TableReader(
            self.low,
            self.scale * self.fitted,
            self.starts,
            self.values,
            self.error,
        )
        if logits.numel() == 0:
            return torch.zeros_like(logits, dtype=torch.float32)
        row = self._rows(labels, domain, ignore_index)
        if logits.dim() == 2:  # pixels without images: one image of them
            z = logits.detach().T.unsqueeze(0)
            return reader.read(z, row.T).squeeze(0).T.contiguous()
        z = logits.detach().reshape(*logits.shape[:2], -1)
        return reader.read(z, row).view(logits.shape)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What kernels read: low, scale, fitted, starts and values."""
        return self.low, self.scale, self.fitted, self.starts, self.values

    def _rows(
        self, labels: Tensor, domain: Tensor | None, ignore_index: int
    ) -> Tensor:
        """Row of each pixel in ``low``, (N, P); the last one if ignored."""
        classes, last = self.num_classes, self.low.shape[1] - 1
        row = torch.arange(-1, classes + 1, device=labels.device)
        row = row.to(self.starts.dtype)
        row[0] = row[-1] = last
        if 0 <= ignore_index < classes:
            row[ignore_index + 1] = last
        # a label outside the classes must not read another bank's row
        place = labels.flatten().long().clamp(-1, classes).add_(1)
        row = row.index_select(0, place)
        if domain is not None:
            row += classes * domain.flatten().to(row.dtype)
        return row.clamp_(max=last).view(len(labels), -1)


def _with_ignored_row(table: Tensor) -> Tensor:
    table = torch.cat([table, table.new_zeros(1, table.shape[1])])
    return table.T.contiguous()
