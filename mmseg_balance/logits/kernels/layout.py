"""How kernels see batches of pixels: as images of any strides."""

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.bfloat16, torch.float16)
# numbers that a block works on at a time: classes times pixels
_BLOCK = 1024
_CLASSES = 8


def what_does_not_fit(logits: Tensor) -> str:
    """Why kernels do not read logits of this type or size; '' if they do.

    Args:
        logits: (N, C, ...).
    """
    if logits.dtype not in DTYPES:
        return f'Kernels do not read logits of {logits.dtype}'
    if logits.numel() // max(logits.shape[1], 1) >= 2**31 - _BLOCK:
        return f'Kernels do not count the pixels of {tuple(logits.shape)}'
    return ''


def empty_as(logits: Tensor, dtype: torch.dtype) -> Tensor:
    """Memory for a number of each logit.

    Returns:
        As ``logits``, with its strides where those leave no gaps.
    """
    if logits.dim() > 4:  # as_images is to be a view
        return logits.new_empty(logits.shape, dtype=dtype)
    return torch.empty_like(logits, dtype=dtype)


def as_images(values: Tensor) -> Tensor:
    """(N, C, ...) as (N, C, H, W); pixels without images are one of them.

    A view where there are at most two dimensions of space.
    """
    if values.dim() == 2:
        return values.T[None, :, None]
    if values.dim() == 3:
        return values.unsqueeze(2)
    return values.flatten(3)


def as_maps(values: Tensor | None, logits: Tensor) -> Tensor | None:
    """One value a pixel as (N, H, W), with images as :func:`as_images` has.

    Args:
        values: (N, ...), or of a shape that expands to it: (N, 1, 1), say.
            None is given back.
        logits: (N, C, ...).

    Raises:
        RuntimeError: Values of another size.
    """
    if values is None:
        return None
    values = values.expand(logits.shape[0], *logits.shape[2:])
    if values.dim() == 1:
        return values[None, None]
    if values.dim() == 2:
        return values.unsqueeze(1)
    return values.flatten(2)


def strides_of(**tensors: Tensor | None) -> dict[str, int]:
    """Arguments of a program: strides of images (n, c, h, w), maps (n, h, w).

    Args:
        **tensors: (N, C, H, W) or (N, H, W); None: a map that is not there.
    """
    strides = {}
    for name, tensor in tensors.items():
        axes = 'nchw' if tensor is not None and tensor.dim() == 4 else 'nhw'
        steps = (0,) * len(axes) if tensor is None else tensor.stride()
        for axis, step in zip(axes, steps, strict=True):
            strides[f'{name}_{axis}'] = step
    return strides


def blocks_of(images: Tensor) -> tuple[tuple[int], dict[str, int]]:
    """Blocks of pixels that a program works on, one after the other.

    Args:
        images: (N, C, H, W).

    Returns:
        The number of them, and the arguments that say what a block is.
    """
    num, classes, height, width = images.shape
    at_once = min(1 << (classes - 1).bit_length(), _CLASSES)
    pixels = _BLOCK // at_once
    return (num * -(-height * width // pixels),), dict(
        num_classes=classes,
        height=height,
        width=width,
        BLOCK_C=at_once,
        BLOCK_P=pixels,
    )
