"""Offsets from a table: one interpolation for each logit, not K CDFs.

z' = F_a^-1(clip(F_cl(z))) depends on (domain, c, l, z) alone and is constant
where the CDF is clipped. It is tabulated on a uniform grid between the clip
quantiles, and the cells that a straight line does not serve are tabulated
anew on a finer one. Such cells hold a component that is narrower than a cell
(one at the variance floor, say); a uniform grid alone is wrong there by half
a logit and more, silently.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .alignment import check_banks, inverse_cdf
from .em import mixture_cdf
from .gmm import GaussianMixtureBank
from .table_lookup import REFINEMENT, TableReader

MIN_GRID_SIZE = 32
# Steps of the probability at which the anchors' quantiles are kept.
_QUANTILES = 2**13 + 1
# Cells on each side that a jump is told from.
_NEARBY = 8


def num_refined(num_components: int) -> int:
    """Cells of a pair that are refined.

    A narrow component lies in two cells at most, and the narrow components
    of the anchor want some as well.
    """
    return max(16, 4 * num_components + 4)


class OffsetTable:
    """Tabulated offsets of several domains (Eq. 6), looked up pixel by pixel.

    Made by :meth:`build`. The knots of pair q = (domain, c, l) lie in
    ``values[q]``: first the G + 1 of the uniform grid, then REFINEMENT + 1
    for each refined cell. ``starts`` says for cell b of pair q where its
    knots begin in ``values.flatten()``; the number is negative where the
    cell is a refined one.

    Example:
        >>> table = OffsetTable.build([source, target], anchors)
        >>> delta = table.lookup(logits, labels, domain=target_mask)
    """

    def __init__(
        self,
        low: Tensor,
        scale: Tensor,
        fitted: Tensor,
        starts: Tensor,
        values: Tensor,
        num_classes: int,
    ) -> None:
        self.low = low  # (C, rows + 1), the last row is for ignored pixels
        self.scale = scale  # (C, rows + 1), cells per logit
        self.fitted = fitted  # (C, rows + 1), 1 or 0
        self.starts = starts  # (rows * C * G)
        self.values = values  # (rows * C, knots)
        self.num_classes = num_classes
        self.num_cells = starts.numel() // max(values.shape[0], 1)

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
            raise ValueError(
                f'Expected `clip` to be in [0, 0.5), but got {clip}'
            )
        if grid_size < MIN_GRID_SIZE:
            raise ValueError(
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
        device = parameters[0].device
        row = torch.arange(size, device=device)
        positive = row * num_classes + row % num_classes  # pairs with c = l

        quantiles = _quantiles(anchors, clip)

        def aligned(z: Tensor) -> Tensor:
            p = mixture_cdf(z, *parameters)
            p.sub_(clip).mul_(1 / (1 - 2 * clip)).clamp_(0, 1)
            own = _interpolated(quantiles[0], p[positive])
            return _interpolated(quantiles[1], p).index_copy_(0, positive, own)

        low, high = _clip_range(*parameters[1:], clip)
        cells = grid_size - 1
        width = (high - low) / cells
        unit = torch.arange(grid_size, device=low.device)
        coarse = aligned(low[:, None] + width[:, None] * unit)
        num = min(num_refined(banks[0].num_components), cells)
        refined = _worst_cells(coarse, num)
        corner = low[:, None] + width[:, None] * refined
        fine = torch.linspace(0, 1, REFINEMENT + 1, device=low.device)
        knots = corner[..., None] + width[:, None, None] * fine
        values = torch.cat([coarse, aligned(knots.flatten(1))], dim=1)
        first = values.shape[1] * torch.arange(len(low), device=device)
        starts = first[:, None] + torch.arange(cells, device=device)
        slots = grid_size + (REFINEMENT + 1) * torch.arange(num, device=device)
        starts.scatter_(1, refined, -(first[:, None] + slots))
        small = values.numel() < torch.iinfo(torch.int32).max
        fitted = torch.stack([bank.num_updates > 0 for bank in banks])
        return cls(
            *(
                _with_ignored_row(t.view(size, num_classes).float())
                for t in (low, 1 / width, fitted)
            ),
            starts.flatten().to(torch.int32 if small else torch.int64),
            values,
            num_classes,
        )

    @torch.no_grad()
    def lookup(
        self,
        logits: Tensor,
        labels: Tensor,
        domain: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Offsets Delta of a batch.

        Args:
            logits: (N, C, ...).
            labels: (N, ...).
            domain: Index of each pixel's bank, (N, ...), bool or integer.
                Default: the first bank for all.
            ignore_index: Label of pixels whose offset is 0.

        Returns:
            Offsets, float32 (N, C, ...), 0 for ignored pixels and for pairs
            that were never updated.
        """
        if logits.shape[1] != self.num_classes:
            raise ValueError(
                f'Expected {self.num_classes} logits a pixel, '
                f'but got {logits.shape[1]}'
            )
        reader = TableReader(
            self.low,
            self.scale * self.fitted,
            self.starts,
            self.values.view(-1),
            self.num_cells,
        )
        z = logits.detach().reshape(*logits.shape[:2], -1)
        row = self._rows(labels, domain, ignore_index)
        return reader.read(z, row).view(logits.shape)

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
        place = labels.flatten().clamp(-1, classes).add_(1)
        row = row.index_select(0, place)
        if domain is not None:
            row += classes * domain.flatten().to(row.dtype)
        return row.clamp_(max=last).view(len(labels), -1)


def _quantiles(anchors: GaussianMixtureBank, clip: float) -> Tensor:
    """F_a^-1 of both anchors at even steps from clip to 1 - clip.

    A search among the points of a CDF for each knot would be half the cost
    of a table.
    """
    p = torch.linspace(clip, 1 - clip, _QUANTILES, device=anchors.means.device)
    return inverse_cdf(p.expand(2, -1), *anchors.parameters_, clip=clip)


def _interpolated(values: Tensor, place: Tensor) -> Tensor:
    """Values between even steps over [0, 1], at ``place`` (any shape)."""
    place = place * (len(values) - 1)
    index = place.to(torch.int32).clamp_(max=len(values) - 2).flatten()
    left = values.index_select(0, index)
    rise = values.index_select(0, index.add_(1)).sub_(left)
    place -= index.sub_(1).view_as(place)
    return left.view_as(place).addcmul_(rise.view_as(place), place)


def _clip_range(
    means: Tensor, variances: Tensor, clip: float
) -> tuple[Tensor, Tensor]:
    """Bounds of the clip quantiles: those of the outermost components."""
    # with clip 0 the quantile is infinite; 4.5 sigma leave 3e-6 out
    reach = min(
        -torch.special.ndtri(torch.tensor(max(clip, 1e-9))).item(), 4.5
    )
    spread = variances.sqrt() * reach
    low, high = (means - spread).amin(-1), (means + spread).amax(-1)
    return low, torch.maximum(high, low + math.ulp(1.0) * 1e10)


def _worst_cells(values: Tensor, num: int) -> Tensor:
    """Cells where a straight line serves least, (pairs, num).

    z' never falls, so a line is wrong by no more than the rise of its cell;
    where the rise goes on from cell to cell the line is nearly right. What
    counts is the rise beyond the flattest cell nearby: a jump inside a cell,
    or over a few, counts in full, and not in the cells beside it.
    """
    rise = values.diff(dim=-1)
    flattest = -F.max_pool1d(-rise, 2 * _NEARBY + 1, stride=1, padding=_NEARBY)
    return (rise - flattest).topk(num, dim=-1).indices


def _with_ignored_row(table: Tensor) -> Tensor:
    table = torch.cat([table, table.new_zeros(1, table.shape[1])])
    return table.T.contiguous()
