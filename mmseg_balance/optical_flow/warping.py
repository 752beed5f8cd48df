"""What a flow brings from the earlier frame to the later one.

A flow lies on the grid of the later frame t and points to the earlier one:
pixel p of t was at p + flow(p). Everything is read there, backwards, so that
each pixel of t gets one value.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ..errors import UserValueError

IGNORED = 255


def places(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Where each pixel was in the earlier frame.

    Args:
        flow: (N, 2, H, W), u to the right and v downwards, in pixels.

    Returns:
        Columns and rows, (N, H, W) each, in float32 at least: half precision
        has no room for coordinates.
    """
    height, width = flow.shape[-2:]
    kind = torch.promote_types(flow.dtype, torch.float32)
    flow = flow.to(kind)
    columns = torch.arange(width, dtype=kind, device=flow.device)
    rows = torch.arange(height, dtype=kind, device=flow.device)
    return flow[:, 0] + columns, flow[:, 1] + rows[:, None]


def inside(flow: Tensor) -> Tensor:
    """Which pixels were in the earlier frame, and not beyond its border.

    Args:
        flow: (N, 2, H, W) in pixels.

    Returns:
        Bool (N, H, W): the nearest pixel of the place is one of the frame.
    """
    height, width = flow.shape[-2:]
    columns, rows = places(flow)
    return (
        (columns >= -0.5)
        & (columns < width - 0.5)
        & (rows >= -0.5)
        & (rows < height - 0.5)
    )


def backward_warp(values: Tensor, flow: Tensor) -> Tensor:
    """Move images, features, logits or probabilities to the later frame.

    Bilinear: out(p) = values(p + flow(p)); beyond the border the nearest
    pixel of it counts, as in TPS (Xing et al., ECCV 2022), whose kernel this
    equals. :func:`inside` says where that was so. Gradients go to both.

    Args:
        values: Of the earlier frame, (N, C, H, W), of a floating dtype.
        flow: (N, 2, H, W) in pixels of this grid; see ``resize_flow``.

    Returns:
        (N, C, H, W), in the dtype of ``values``.

    Raises:
        ValueError: The sizes differ.
    """
    _check_size(values, flow)
    columns, rows = places(flow)
    height, width = flow.shape[-2:]
    grid = torch.stack(
        (
            columns * (2 / max(width - 1, 1)) - 1,
            rows * (2 / max(height - 1, 1)) - 1,
        ),
        dim=-1,
    )
    kind = torch.promote_types(values.dtype, grid.dtype)
    warped = F.grid_sample(
        values.to(kind), grid.to(kind), padding_mode='border',
        align_corners=True,
    )  # fmt: skip
    return warped.to(values.dtype)


def warp_labels(
    labels: Tensor,
    flow: Tensor,
    valid: Tensor | None = None,
    ignore_index: int = IGNORED,
) -> Tensor:
    """Move labels to the later frame; each takes that of the nearest pixel.

    Args:
        labels: Of the earlier frame, (N, H, W), of an integer dtype.
        flow: (N, 2, H, W) in pixels.
        valid: Bool (N, H, W), where the flow counts. None: everywhere.
        ignore_index: Label of the pixels that were beyond the border, or
            where the flow does not count.

    Returns:
        (N, H, W), in the dtype of ``labels``.

    Raises:
        ValueError: The sizes differ.
    """
    _check_size(labels, flow)
    height, width = flow.shape[-2:]
    columns, rows = (place.round().long() for place in places(flow))
    columns, rows = columns.clamp(0, width - 1), rows.clamp(0, height - 1)
    index = (rows * width + columns).flatten(1)
    moved = labels.flatten(1).gather(1, index).view_as(labels)
    known = inside(flow) if valid is None else inside(flow) & valid
    return moved.masked_fill(~known, ignore_index)


def _check_size(values: Tensor, flow: Tensor) -> None:
    size, wanted = tuple(values.shape[-2:]), tuple(flow.shape[-2:])
    if size != wanted or len(values) != len(flow) or flow.shape[1] != 2:
        raise UserValueError(
            f'Expected a flow (N, 2, H, W) of the size of what it moves, '
            f'{tuple(values.shape)}, but got {tuple(flow.shape)}; '
            'resize_flow brings it to another size'
        )
