"""Difficulty d of each pixel, and its regression, in one go (Eq. 10).

Of the logits of a pixel only that of its own class is read; d is computed
from the mixtures, and is not kept.
"""

# that of typing is what the operators of torch 2.6 know
from typing import Any, Sequence  # noqa: UP035

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .layout import as_images, as_maps, strides_of

# pixels that a block works on at a time
_PIXELS = 256


@torch.library.custom_op('mmseg_balance::positive_cdf', mutates_args=())
def positive_cdf(
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    banks: Sequence[Tensor],
    ignore_index: int,
) -> tuple[Tensor, Tensor]:
    """d = F_cc(z_c) of each pixel in its own class c.

    Equals ``offsets.difficulty.positive_cdf``; tested in
    tests/logits/kernels/test_density.py.

    Args:
        logits: z, (N, C, ...), of any strides.
        labels: (N, ...).
        domain: Which of the banks each pixel's is, bool or integer (N, ...).
            None: the first one.
        banks: Weights, means and variances, (C, C, K), and numbers of
            updates, (C, C), of two banks: eight tensors.
        ignore_index: Label of pixels that are left out.

    Returns:
        d, float32 (N, 1, ...), and where it means something, bool.
    """

    density, valid = _maps_of(logits)
    if density.numel():
        _launch(
            'positive_cdf',
            (density, valid),
            logits,
            dict(labels=labels, domain=domain),
            banks,
            ignore_index=ignore_index,
        )
    return density, valid


@positive_cdf.register_fake
def _(logits: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
    return _maps_of(logits)


@torch.library.custom_op('mmseg_balance::density_errors', mutates_args=())
def density_errors(
    prediction: Tensor,
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    quality: Tensor | None,
    banks: Sequence[Tensor],
    ignore_index: int,
    norm: str,
) -> tuple[Tensor, Tensor]:
    """How far predictions of d are off, and which way.

    Args:
        prediction: (N, 1, ...), of any strides.
        logits, labels, domain, banks, ignore_index: As above.
        quality: Weight of each pixel, (N, ...). None: 1.
        norm: 'l2', the squared error, or 'l1', its size.

    Returns:
        Parts of the mean over all pixels, float32, in an order that is
        always the same; and the derivative of the mean by each prediction,
        float32 (N, 1, ...).
    """
    slope, _ = _maps_of(logits)
    partial = logits.new_empty(_num_blocks(logits), dtype=torch.float32)
    if slope.numel():
        _launch(
            'density_loss',
            (partial, slope),
            logits,
            dict(labels=labels, domain=domain, quality=quality),
            banks,
            prediction,
            ignore_index=ignore_index,
            share=1 / slope.numel(),
            SQUARED=norm == 'l2',
        )
    return partial, slope


@density_errors.register_fake
def _(prediction: Tensor, logits: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
    partial = logits.new_empty(_num_blocks(logits), dtype=torch.float32)
    return partial, _maps_of(logits)[0]


def density_loss(
    prediction: Tensor,
    logits: Tensor,
    labels: Tensor,
    domain: Tensor | None,
    quality: Tensor | None,
    banks: Sequence[Tensor],
    ignore_index: int,
    norm: str,
) -> Tensor:
    """Regression loss of Eq. 10, averaged over all pixels.

    Equals ``density_loss`` of ``models.uda.density.density_estimation`` on
    ``positive_cdf``; tested in tests/logits/kernels/test_density.py.

    Args:
        prediction: What is to be d, (N, 1, ...): it alone has a gradient.
        logits, labels, domain, quality, banks, ignore_index, norm: As those
            of :func:`density_errors`.

    Returns:
        The mean, float32 ().
    """
    return _Mean.apply(
        prediction,
        logits.detach(),
        labels,
        domain,
        quality,
        list(banks),
        ignore_index,
        norm,
    )


class _Mean(torch.autograd.Function):
    """The derivative is known when the mean is."""

    @staticmethod
    def forward(ctx: Any, prediction: Tensor, *others: Any) -> Tensor:
        partial, slope = density_errors(prediction, *others)
        ctx.save_for_backward(slope)
        ctx.dtype = prediction.dtype
        return partial.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (slope,) = ctx.saved_tensors
        return (slope * gradient).to(ctx.dtype), *[None] * 7


def _launch(
    name: str,
    written: Sequence[Tensor],
    logits: Tensor,
    maps: dict[str, Tensor | None],
    banks: Sequence[Tensor],
    prediction: Tensor | None = None,
    **numbers: Any,
) -> None:
    """Launch a program over all pixels.

    Args:
        name: Of a program of ``programs.density``.
        written: What it writes.
        logits, banks, prediction: As above.
        maps: What it reads of each pixel, by the program's names.
        **numbers: Its other arguments.
    """
    from .programs import density as programs

    images = dict(logits=as_images(logits))
    if prediction is not None:
        images = dict(prediction=as_images(prediction), **images)
    by_pixel = {k: as_maps(v, logits) for k, v in maps.items()}
    with torch.cuda.device_of(logits):
        getattr(programs, name)[(_num_blocks(logits),)](
            *images.values(),
            *by_pixel.values(),
            *written,
            *(each.contiguous() for each in banks),
            num_classes=logits.shape[1],
            height=images['logits'].shape[2],
            width=images['logits'].shape[3],
            **strides_of(**images, **by_pixel),
            **numbers,
            K=banks[0].shape[-1],
            BLOCK_P=_PIXELS,
        )


def _num_blocks(logits: Tensor) -> int:
    num, _, height, width = as_images(logits).shape
    return num * -(-height * width // _PIXELS)


def _maps_of(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Memory for a number of each pixel, and for a yes or no."""
    shape = (len(logits), 1, *logits.shape[2:])
    density = logits.new_empty(shape, dtype=torch.float32)
    return density, logits.new_empty(shape, dtype=torch.bool)
