"""Samples that are drawn, and others in the place of those that fail."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import UserRuntimeError
from ..loading.bad_files import draw_until_good


class DrawnSamples(ABC):
    """What is drawn from a domain, which reads and crops.

    Attributes:
        name (str): Key of the domain, for messages.
        skips_bad (bool): Whether bad files are left out, and another sample
            is drawn in the place of one that is bad.
        max_refetch (int): How often another sample may be taken where a
            pipeline returns None.
    """

    name: str
    skips_bad: bool
    max_refetch: int

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """What the pipeline returns; None where it gave up."""

    @abstractmethod
    def crop(
        self, index: int, class_id: int, min_pixels: float, max_more: int
    ) -> Any:
        """As ``domain[index]``, of a crop that shows a class."""

    def take(self, index: int, seed: int | None = None) -> Any:
        """A sample, or another one that is drawn in its place.

        Args:
            index: Index into the domain.
            seed: Seed of what is drawn where a file is bad and left out;
                None takes the present state of the global generators.

        Returns:
            What the pipeline returns.

        Raises:
            OSError, ValueError, RuntimeError: No sample is good; says why.
        """
        return self._good(
            lambda: self._take(index),
            lambda: self._take(np.random.randint(len(self))),
            seed,
        )

    def draw(
        self,
        choose: Callable[[], tuple[int, int, float, int]],
        seed: int | None = None,
    ) -> Any:
        """A crop that something else chooses, as often as it takes.

        Args:
            choose: Draws what :meth:`crop` is given.
            seed: As in :meth:`take`, as is what is returned.
        """

        def packed() -> Any:
            return self._packed(lambda: self.crop(*choose()))

        return self._good(packed, packed, seed)

    def _take(self, index: int) -> Any:
        """A sample, or another where the pipeline gives up, as mmengine."""
        sample = self[index]
        if sample is not None:
            return sample
        return self._packed(lambda: self[np.random.randint(len(self))])

    def _packed(self, draw: Callable[[], Any]) -> Any:
        for _ in range(self.max_refetch + 1):
            sample = draw()
            if sample is not None:
                return sample
        raise UserRuntimeError(
            f'the {self.name} pipeline returned None {self.max_refetch + 1} '
            'times in a row (max_refetch); a transform gives up on every '
            'sample'
        )

    def _good(
        self,
        first: Callable[[], Any],
        again: Callable[[], Any],
        seed: int | None,
    ) -> Any:
        if not self.skips_bad:
            return first()
        return draw_until_good(first, again, seed, self.name)
