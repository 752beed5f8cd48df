"""Mean and spread of a value over the pixels of each class."""

import torch
from torch import Tensor


class ClassMoments:
    """Adds values of pixels up by class, in float64 on the CPU.

    Args:
        num_classes: Number of classes C.

    Example:
        >>> moments = ClassMoments(2)
        >>> moments.add(torch.tensor([1.0, 3.0]), torch.tensor([0, 0]))
        >>> moments.mean, moments.std
        (tensor([2., nan], dtype=torch.float64),
         tensor([1., nan], dtype=torch.float64))
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self._sums = torch.zeros(3, num_classes, dtype=torch.float64)

    def add(
        self, values: Tensor, classes: Tensor, where: Tensor | None = None
    ) -> None:
        """Take the pixels of an image in.

        Args:
            values: Of each pixel, any shape.
            classes: Class of each, of the same shape; what is no class does
                not count.
            where: Pixels that count, bool of the same shape. Default: all.
        """
        known = (classes >= 0) & (classes < self.num_classes)
        if where is not None:
            known &= where
        values, classes = values[known].double(), classes[known].long()
        for i in range(len(self._sums)):
            self._sums[i] += torch.bincount(
                classes, values**i, minlength=self.num_classes
            ).cpu()

    @property
    def num_pixels(self) -> Tensor:
        """Pixels of each class, (C,)."""
        return self._sums[0]

    @property
    def mean(self) -> Tensor:
        """Means (C,); NaN for classes without a pixel."""
        return self._sums[1] / self._sums[0]

    @property
    def std(self) -> Tensor:
        """Standard deviations (C,), ddof 0; NaN for classes without one."""
        variance = self._sums[2] / self._sums[0] - self.mean**2
        return variance.clamp(min=0).sqrt()
