"""Rectangular parts of an image: random crops and sliding windows."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import UserValueError


class Box(NamedTuple):
    """A part of an image; ``bottom`` and ``right`` are outside of it."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    def in_cells(self, image: tuple[int, int], size: tuple[int, int]) -> 'Box':
        """The same part of a map of the image.

        Args:
            image: Height and width of the image in pixels.
            size: Height and width of the map in cells.

        Raises:
            ValueError: The box does not begin and end with a cell.
        """
        (height, width), (rows, columns) = image, size
        cells = []
        for side, pixels, count in zip(
            self,
            (height, height, width, width),
            (rows, rows, columns, columns),
            strict=True,
        ):
            cell, rest = divmod(side * count, pixels)
            if rest:
                raise UserValueError(
                    f'The window {tuple(self)} (top, bottom, left, right) of '
                    f'an image of {height} x {width} pixels does not fit a '
                    f'map of {rows} x {columns} cells, each of '
                    f'{Fraction(pixels, count)} pixels'
                )
            cells.append(cell)
        return Box(*cells)

    def of(self, maps: Tensor) -> Tensor:
        """That part of maps (..., H, W), a view."""
        return maps[..., self.top : self.bottom, self.left : self.right]


def random_box(
    image: tuple[int, int], size: tuple[int, int], divisible: int = 1
) -> Box:
    """A crop at a random place, drawn from the generator of the CPU.

    As HRDA (ECCV 2022), https://github.com/lhoyer/HRDA, but for what that
    leaves out: the last aligned offset is drawn as well, and a margin below
    ``divisible`` gives offset 0. An image smaller than the crop is taken
    whole.

    Args:
        image: Height and width of the image.
        size: Height and width of the crop.
        divisible: The offsets are multiples of it.
    """
    sides = []
    for length, side in zip(image, size, strict=True):
        side = min(side, length)
        steps = (length - side) // divisible
        start = int(torch.randint(steps + 1, ())) * divisible
        sides += [start, start + side]
    return Box(*sides)


def sliding_boxes(
    image: tuple[int, int], size: tuple[int, int], stride: tuple[int, int]
) -> list[Box]:
    """Windows that cover an image, row by row.

    The last window of a row or column is moved back into the image. An image
    smaller than the window has one, which is the image.

    Args:
        image: Height and width of the image.
        size: Height and width of a window.
        stride: Distance of neighbours, down and across.

    Raises:
        ValueError: The stride would leave gaps; names both.
    """
    if any(not 0 < b <= a for a, b in zip(size, stride, strict=True)):
        raise UserValueError(
            f'Sliding windows of {tuple(size)} pixels need a stride of at '
            f'least 1 and at most their size, but got {tuple(stride)}'
        )
    rows, columns = (
        _starts(*sides) for sides in zip(image, size, stride, strict=True)
    )
    height, width = (min(a, b) for a, b in zip(image, size, strict=True))
    return [
        Box(top, top + height, left, left + width)
        for top in rows
        for left in columns
    ]


def place_windows(
    logits: Tensor, boxes: Sequence[Box], size: tuple[int, int]
) -> Tensor:
    """Put windows where they are, averaged where they overlap.

    Args:
        logits: All N images of the first of W windows first,
            (W * N, C, h, w).
        boxes: The W windows, in cells of ``logits``.
        size: Height and width of the result.

    Returns:
        (N, C, *size), 0 where no window is.
    """
    if len(boxes) == 1 and boxes[0].shape == size:
        return logits
    windows = logits.chunk(len(boxes))
    placed = logits.new_zeros((*windows[0].shape[:2], *size))
    count = logits.new_zeros(size)
    for box, window in zip(boxes, windows, strict=True):
        box.of(placed).add_(window)
        box.of(count).add_(1)
    if len(boxes) > 1:
        placed = placed / count.clamp_(min=1)
    return placed


def _starts(length: int, side: int, stride: int) -> list[int]:
    last = max(length - side, 0)
    return [min(i, last) for i in range(0, last + stride, stride)]
