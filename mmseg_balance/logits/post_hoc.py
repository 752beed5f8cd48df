"""Post-hoc class balancing of a trained network's logits (Eq. 7)."""

import math

import torch
from torch import Tensor

from .alignment import check_banks
from .gmm import GaussianMixtureBank
from .offset_table import OffsetTable

# Logits of one chunk, (pixels, C): what a temporary of it holds at most.
_CHUNK = 2**22


@torch.no_grad()
def post_hoc_scores(
    logits: Tensor,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    tau: float = 1.0,
    clip: float = 0.01,
    grid_size: int = 512,
) -> Tensor:
    """Revised log-probability of each class (Sec. 3.3.3, Eq. 7, App. A).

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
    """
    check_post_hoc(logits.shape[1], bank, anchors, tau)
    table = OffsetTable.build([bank], anchors, clip, grid_size)
    return table_scores(logits, table, tau)


def check_post_hoc(
    num_classes: int,
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    tau: float,
) -> None:
    """Refuse what cannot balance logits; see :func:`post_hoc_scores`."""
    check_banks(bank, anchors, num_classes)
    if not (math.isfinite(tau) and tau >= 0):
        raise ValueError(
            f'Expected `tau` to be a number of at least 0, but got {tau}'
        )
    for name, each in (('bank', bank), ('anchors', anchors)):
        if not bool((each.num_updates > 0).any()):
            raise ValueError(
                f'`{name}` was never fitted: train with BLDALoss, or make '
                'it with tools/analysis_tools/fit_logit_statistics.py'
            )


@torch.no_grad()
def table_scores(
    logits: Tensor, table: OffsetTable, tau: float, domain: int = 0
) -> Tensor:
    """:func:`post_hoc_scores` with a table that is there already.

    Args:
        logits: (N, C, ...).
        table: Offsets of one bank or several.
        tau: Scale of the offset.
        domain: Index of the bank in the table.

    Returns:
        log p~, float32 (N, C, ...).
    """
    num_classes = logits.shape[1]
    flat = logits.float().movedim(1, -1).reshape(-1, num_classes)
    scores = torch.empty_like(flat)
    size = max(_CHUNK // num_classes, 1)
    for start in range(0, len(flat), size):
        part = flat[start : start + size]
        labels = torch.zeros(len(part), dtype=torch.long, device=part.device)
        for c in range(num_classes):
            offset = table.lookup(
                part,
                labels.fill_(domain * num_classes + c),
                ignore_index=-1,
            )
            moved = offset.mul_(tau).add_(part)
            scores[start : start + size, c] = moved[:, c] - moved.logsumexp(1)
    shape = (logits.shape[0], *logits.shape[2:], num_classes)
    return scores.view(shape).movedim(-1, 1)
