"""What an HRDAHead is given: features at two scales, and where they lie."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from torch import Tensor

from ...errors import UserValueError
from ..windows import Box


class ScaledFeatures(NamedTuple):
    """Features of an image at two scales.

    Attributes:
        context: Of the whole image at the lower resolution.
        detail: Of windows at the full resolution, in groups that go through
            the head together. In all W * N, all images of the first window
            first.
        boxes: The W windows, in pixels of the image.
        image: Height and width of the image.
        step: Offsets of random windows are multiples of it.
    """

    context: Sequence[Tensor]
    detail: Sequence[Sequence[Tensor]]
    boxes: list[Box]
    image: tuple[int, int]
    step: int = 1

    def canvas(self, cells: Sequence[int]) -> tuple[int, int]:
        """Height and width of a map of the image at the windows' scale.

        Args:
            cells: Height and width of the map of a window.

        Raises:
            ValueError: The map of the image is of no whole number of cells.
        """
        size = []
        for pixels, side, count in zip(
            self.image, self.boxes[0].shape, cells, strict=True
        ):
            length, rest = divmod(pixels * count, side)
            if rest:
                raise UserValueError(
                    f'HRDAHead predicts {count} cells for {side} pixels of a '
                    f'detail window, which do not divide the {pixels} pixels '
                    'of the image: set detail_crop_size and the size of the '
                    'image to multiples of the stride of the head'
                )
            size.append(length)
        return tuple(size)

    def box_in_context(self, size: Sequence[int]) -> Box:
        """The random window in cells of the context.

        Args:
            size: Height and width of the map of the context.

        Raises:
            ValueError: Windows need not begin with a cell, whether this one
                does or not; says which divisor to set.
        """
        for pixels, cells in zip(self.image, size, strict=True):
            cell = Fraction(pixels, cells)
            if Fraction(self.step) % cell:
                raise UserValueError(
                    f'A cell of the context is {cell} pixels of the image, '
                    f'but detail windows begin at multiples of {self.step}: '
                    'set crop_coord_divisible of the segmentor to a multiple '
                    f'of {cell.numerator} (stride of the head / scale)'
                )
        return self.boxes[0].in_cells(self.image, tuple(size))
