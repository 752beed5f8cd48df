"""Post-hoc scores of a batch in one go (Eq. 7)."""

from typing import Any

import torch
from torch import Tensor

from .lookup import table_arguments

_BLOCK_C, _BLOCK_P = 8, 128


@torch.library.custom_op('mmseg_balance::post_hoc_scores', mutates_args=())
def post_hoc_scores(
    logits: Tensor,
    low: Tensor,
    scale: Tensor,
    fitted: Tensor,
    starts: Tensor,
    values: Tensor,
    refinement: int,
    first_row: int,
    tau: float,
) -> Tensor:
    """Log-probability of each class, balanced.

    Equals ``post_hoc.scores.table_scores`` in PyTorch; tested in
    tests/logits/kernels/test_post_hoc.py.

    Args:
        logits: float32 (C, P), contiguous.
        low, scale, fitted, starts, values: As those of an ``OffsetTable``.
        refinement: Intervals of a refined cell.
        first_row: Row of the bank's first class.
        tau: Scale of the offset.

    Returns:
        log p~, float32 (C, P).
    """
    from .programs.post_hoc import post_hoc_scores as program

    out = torch.empty_like(logits)
    classes, pixels = logits.shape
    if not out.numel():
        return out
    with torch.cuda.device_of(logits):
        program[(-(-pixels // _BLOCK_P), classes)](
            logits,
            out,
            **table_arguments(low, scale, fitted, starts, values),
            num_classes=classes,
            num_pixels=pixels,
            first_row=first_row,
            tau=tau,
            REFINEMENT=refinement,
            BLOCK_C=_BLOCK_C,
            BLOCK_P=_BLOCK_P,
        )
    return out


@post_hoc_scores.register_fake
def _(logits: Tensor, *_: Any) -> Tensor:
    return torch.empty_like(logits)
