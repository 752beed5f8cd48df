"""Attention to mixed images, compared with the teacher's (CDAC)."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from ...backbones import AttentionRecord


def map_divergence(
    log_student: Tensor,
    source: Tensor,
    target: Tensor,
    query_mask: Tensor,
    key_mask: Tensor | None = None,
) -> Tensor:
    """Divergence of a block's attention map from the teacher's.

    CDAC (ICCV 2023), as in https://github.com/wangkaihong/CDAC: each query
    of a mixed image should attend as the teacher lets it in the image that
    it is from. The mean of T log(T / S) over all entries, those that do not
    count with 0.

    Args:
        log_student: Logarithms of the student's map S of the mixed images,
            (N, heads, L, L'). Those of ``log_softmax`` are finite where S
            itself underflows, for which the public code gives infinity.
        source, target: The teacher's maps T of the source and target images,
            of that shape.
        query_mask: Queries from the source, bool (N, L).
        key_mask: Keys from the source, bool (N, L'). Entries count whose
            query and key are from one image. None: all count.

    Returns:
        The mean, ().
    """
    teacher = torch.where(query_mask[:, None, :, None], source, target)
    divergence = F.kl_div(log_student, teacher, reduction='none')
    if key_mask is not None:
        divergence = divergence * _one_domain(query_mask, key_mask)
    return divergence.mean()


def attention_divergence(
    mixed: Iterable[AttentionRecord],
    source: Iterable[AttentionRecord],
    target: Iterable[AttentionRecord],
    mask: Tensor,
    one_domain: bool = True,
) -> Tensor:
    """:func:`map_divergence`, averaged over the blocks, map by map.

    Maps exist for one block at a time and are not kept for the backward
    pass: the gradients of queries and keys, which are smaller, are computed
    at once.

    Args:
        mixed: The student's attention to mixed images, block by block. Its
            gradients flow.
        source, target: The teacher's to source and target images. A
            generator that lets go of what it gave saves memory.
        mask: Pixels of the mixed images from the source, bool (N, H, W).
        one_domain: Whether only entries count whose query and key are from
            one image.

    Returns:
        The mean, (), float32.
    """
    losses = [
        _Divergence.apply(
            own.queries,
            own.keys,
            first,
            second,
            token_mask(mask, own.query_grid),
            token_mask(mask, own.key_grid) if one_domain else None,
        )
        for own, first, second in zip(mixed, source, target, strict=True)
    ]
    return torch.stack(losses).mean()


def token_mask(mask: Tensor, grid: tuple[int, int]) -> Tensor:
    """A mask of pixels on a grid of tokens.

    Args:
        mask: Bool (N, H, W).
        grid: Rows and columns; the public code, which does not know them,
            takes a square.

    Returns:
        The nearest pixels, bool (N, rows * columns).
    """
    resized = F.interpolate(mask[:, None].float(), size=grid, mode='nearest')
    return resized.flatten(1) > 0.5


def attention_logits(queries: Tensor, keys: Tensor) -> Tensor:
    """q k^T / sqrt(d) in float32.

    Args:
        queries: (N, heads, L, d).
        keys: (N, heads, L', d).

    Returns:
        (N, heads, L, L').
    """
    queries = queries.float() * queries.shape[-1] ** -0.5
    return queries @ keys.float().transpose(-2, -1)


def _one_domain(query_mask: Tensor, key_mask: Tensor) -> Tensor:
    """Entries of a map within one image, bool (N, 1, L, L')."""
    return (query_mask[:, :, None] == key_mask[:, None]).unsqueeze(1)


class _Divergence(torch.autograd.Function):
    """The divergence of a block, whose gradients are those of its map.

    With V the entries that count and M their number, counted or not, the
    gradient to the logits of the student's map S is
    (S * sum(V T) - V T) / M, the sum over the keys.
    """

    @staticmethod
    def forward(
        ctx,
        queries: Tensor,
        keys: Tensor,
        source: AttentionRecord,
        target: AttentionRecord,
        query_mask: Tensor,
        key_mask: Tensor | None,
    ) -> Tensor:
        with torch.autocast(queries.device.type, enabled=False):
            teacher = torch.where(
                query_mask[:, None, :, None],
                attention_logits(source.queries, source.keys),
                attention_logits(target.queries, target.keys),
            ).softmax(-1)
            log_student = attention_logits(queries, keys).log_softmax(-1)
            if key_mask is not None:
                # 0 log 0 is 0: what does not count needs no product
                teacher *= _one_domain(query_mask, key_mask)
            loss = F.kl_div(log_student, teacher, reduction='sum')
            loss = loss / log_student.numel()
            if any(ctx.needs_input_grad):
                gradient = log_student.exp_()
                gradient *= teacher.sum(-1, keepdim=True)
                gradient -= teacher
                # of float16, entries of a mean over millions would be 0
                gradient *= queries.shape[-1] ** -0.5 / gradient.numel()
                ctx.save_for_backward(
                    gradient @ keys.float(),
                    gradient.transpose(-2, -1) @ queries.float(),
                )
                ctx.dtype = queries.dtype
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, ...]:
        queries, keys = ctx.saved_tensors
        return (
            (queries * upstream).to(ctx.dtype),
            (keys * upstream).to(ctx.dtype),
            *[None] * 4,
        )
