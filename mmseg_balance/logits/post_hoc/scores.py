"""Post-hoc class balancing of a trained network's logits (Eq. 7)."""

import math
from collections.abc import Iterator, Sequence
from numbers import Real

import torch
from torch import Tensor

from ...errors import UserValueError
from .. import host
from ..kernels.choice import runs_fused
from ..kernels.post_hoc import post_hoc_scores as fused_scores
from ..mixtures.gmm import GaussianMixtureBank
from ..offsets.reference.alignment import check_banks
from ..offsets.tables.knots import REFINEMENT
from ..offsets.tables.table import OffsetTable
from .row_lookup import RowLookup
from .score_table import ScoreTable

# Logits of one chunk, (C, pixels): what a temporary of it holds at most. On
# CPUs half a MB, which stays in the cache; elsewhere enough to keep it busy.
_CHUNK = 2**17
_DEVICE_CHUNK = 2**24


@torch.no_grad()
def post_hoc_scores(
    logits: Tensor,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    tau: float = 1.0,
    clip: float = 0.01,
    grid_size: int = 512,
) -> Tensor:
    """Log-probability of each class, balanced (Sec. 3.3.3, Eq. 7, App. A).

    For class c every logit is moved as if c were the label: log p~_c =
    f_c + tau Delta_cc(f_c) - log sum_c' exp(f_c' + tau Delta_cc'(f_c')).
    The scores of a pixel do not sum to 1 over c; their argmax is y~.

    Args:
        logits: (N, C, ...).
        bank: Mixtures of shape (C, C).
        anchors: Bank of shape (2,): positive, then negative.
        tau: Scale of the offset, at least 0. 0 gives log-softmax.
        clip: The CDF is clamped to [clip, 1 - clip].
        grid_size: Knots of the offset table.

    Returns:
        log p~, float32 (N, C, ...). Pairs that were never updated have
        offset 0.

    Raises:
        ValueError: Banks of another number of classes, a bank or anchors
            that were never fitted, or tau out of range.

    Example:
        >>> bank = GaussianMixtureBank((2, 2))
        >>> anchors = GaussianMixtureBank((2,))
        >>> for each in (bank, anchors):
        ...     _ = each.num_updates.fill_(1)  # as if it had been fitted
        >>> bank.means[:, 0] += 1.0  # logit 0 is larger for both classes
        >>> logits = torch.tensor([[0.8, 0.5]])
        >>> logits.argmax(1), post_hoc_scores(logits, bank, anchors).argmax(1)
        (tensor([0]), tensor([1]))
    """
    check_post_hoc(logits.shape[1], bank, anchors, tau)
    table = OffsetTable.build([bank], anchors, clip, grid_size)
    return table_scores(logits, table, tau)


def check_tau(tau: float, name: str = 'tau') -> None:
    """Refuse a scale of the offset that is not a number of at least 0.

    Args:
        tau: The scale.
        name: Its key, for the error.

    Raises:
        ValueError: Names the key and the value.
    """
    is_number = isinstance(tau, Real) and not isinstance(tau, bool)
    if not (is_number and 0 <= tau < math.inf):
        raise UserValueError(
            f'Expected `{name}` to be a number of at least 0, but got {tau!r}'
        )


def check_post_hoc(
    num_classes: int,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    tau: float,
) -> None:
    """Refuse what cannot balance logits; see :func:`post_hoc_scores`."""
    check_banks(bank, anchors, num_classes)
    check_tau(tau)
    fitted = dict(
        bank=(bank.num_updates > 0).any(),
        anchors=(anchors.num_updates > 0).all(),
    )
    for name, is_fitted in fitted.items():
        if not bool(is_fitted):
            raise UserValueError(
                f'`{name}` was never fitted: train with BLDALoss, or make '
                'it with mmseg-balance logits fit'
            )


@torch.no_grad()
def table_scores(
    logits: Tensor,
    table: OffsetTable,
    tau: float,
    domain: int = 0,
    kernels: str = 'auto',
) -> Tensor:
    """:func:`post_hoc_scores` with a table that is there already.

    Args:
        logits: (N, C, ...).
        table: Offsets of one bank or several.
        tau: Scale of the offset.
        domain: Index of the bank in the table.
        kernels: What computes, see :func:`..kernels.choice.runs_fused`.

    Returns:
        log p~, float32 (N, C, ...).

    Raises:
        ValueError: Logits of another number of classes than the table.
    """
    flat, shape = _pixels_last(logits, table)
    if tau == 0:
        return flat.log_softmax(0).view(shape).movedim(0, 1)
    scores = _scores(flat, table, tau, domain, kernels)
    return scores.view(shape).movedim(0, 1)


def _scores(
    flat: Tensor, table: OffsetTable, tau: float, domain: int, kernels: str
) -> Tensor:
    """log p~ of pixels (C, P)."""
    if runs_fused(flat, kernels):
        first_row = domain * table.num_classes
        return fused_scores(flat, *table.tensors, REFINEMENT, first_row, tau)
    fast = ScoreTable.of(table, tau, domain, flat.shape[1])
    if fast is None:
        return _looked_up(flat, table, tau, domain)
    finite = flat.isfinite().all(0)
    if bool(finite.all()):
        return fast.scores(flat)
    # what is no number is the lookups' to report
    scores = torch.empty_like(flat)
    scores[:, finite] = fast.scores(flat[:, finite])
    scores[:, ~finite] = _looked_up(flat[:, ~finite], table, tau, domain)
    return scores


def _looked_up(
    flat: Tensor, table: OffsetTable, tau: float, domain: int
) -> Tensor:
    """The same, each offset looked up by itself."""
    scores = torch.empty_like(flat)
    for c, pixels, offset in _offsets(flat, table, domain):
        moved = offset.mul_(tau).add_(flat[:, pixels])
        scores[c, pixels] = _log_share(moved, c)
    return scores


@torch.no_grad()
def tau_scores(
    logits: Tensor,
    table: OffsetTable,
    taus: Sequence[float],
    domain: int = 0,
    kernels: str = 'auto',
) -> Tensor:
    """Classes that :func:`table_scores` predicts for each tau.

    Where one look-up of each offset is what costs, all taus share it.

    Args:
        logits: (N, C, ...).
        table: Offsets of one bank or several.
        taus: Scales of the offset, T of them. 0 gives argmax f.
        domain: Index of the bank in the table.
        kernels: What computes, see :func:`..kernels.choice.runs_fused`.

    Returns:
        Class y~ of the largest score, int64 (T, N, ...).

    Raises:
        ValueError: Logits of another number of classes than the table.
    """
    flat, shape = _pixels_last(logits, table)
    best = flat.new_full((len(taus), flat.shape[1]), -torch.inf)
    labels = torch.zeros_like(best, dtype=torch.int64)
    moving = []
    for i, tau in enumerate(taus):
        if tau == 0:
            continue
        if runs_fused(flat, kernels) or ScoreTable.of(
            table, tau, domain, flat.shape[1]
        ):
            scores = _scores(flat, table, tau, domain, kernels)
            labels[i] = scores.argmax(0)
        else:
            moving.append((i, tau))
    for c, pixels, offset in _offsets(flat, table, domain) if moving else ():
        own = flat[:, pixels]
        for i, tau in moving:
            score = _log_share(torch.add(own, offset, alpha=tau), c)
            labels[i, pixels].masked_fill_(score > best[i, pixels], c)
            torch.maximum(score, best[i, pixels], out=best[i, pixels])
    for i, tau in enumerate(taus):
        if tau == 0:
            # exactly: rounding in the scores could break a near tie
            labels[i] = flat.argmax(0)
    return labels.view(len(taus), *shape[1:])


def _pixels_last(
    logits: Tensor, table: OffsetTable
) -> tuple[Tensor, tuple[int, ...]]:
    """Logits as float32 (C, P), and the shape (C, N, ...) that they had."""
    if logits.shape[1] != table.num_classes:
        raise UserValueError(
            f'Expected {table.num_classes} logits a pixel, '
            f'but got {logits.shape[1]}'
        )
    moved = logits.float().movedim(1, 0).contiguous()
    return moved.flatten(1), tuple(moved.shape)


def _offsets(
    flat: Tensor, table: OffsetTable, domain: int
) -> Iterator[tuple[int, slice, Tensor]]:
    """Offsets with each class as label, (C, pixels), chunk by chunk."""
    num_classes, num_pixels = flat.shape
    largest = _CHUNK if host.on_host(flat) else _DEVICE_CHUNK
    size = max(largest // num_classes, 1)
    for c in range(num_classes):
        lookup = RowLookup.of(table, domain * num_classes + c)
        for start in range(0, num_pixels, size):
            pixels = slice(start, start + size)
            yield c, pixels, lookup.offset(flat[:, pixels])


def _log_share(moved: Tensor, c: int) -> Tensor:
    """Row c of the log-softmax over rows; overwrites ``moved`` (C, P)."""
    top = moved.amax(0)
    moved.sub_(top)
    own = moved[c].clone()
    return own.sub_(moved.exp_().sum(0).log_())
