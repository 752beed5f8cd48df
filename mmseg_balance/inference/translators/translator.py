"""What ``mmseg-balance translate`` asks of a translator."""

from typing import Any, Protocol

import numpy as np


class Translator(Protocol):
    """Gives source images the look of the target domain, one by one.

    What it draws at random it draws from the global generators of Python,
    NumPy and PyTorch, which are seeded by the name of each image before it
    is called: an image becomes the same in whatever order they come.

    Attributes:
        needs_target_image: Whether it is given a target image, drawn at
            random for each source image.
        runs_in_processes: Whether it can be pickled and is used in several
            processes at once; one with a network on a GPU is not.
    """

    needs_target_image: bool
    runs_in_processes: bool

    def __call__(
        self, image: np.ndarray, target: np.ndarray | None
    ) -> np.ndarray:
        """Translate an image.

        Args:
            image: BGR, uint8 (H, W, 3), of any size.
            target: BGR, uint8 (H', W', 3); None where none is needed.

        Returns:
            BGR, uint8 (H, W, 3), of the same size.
        """
        ...

    def settings(self) -> dict[str, Any]:
        """All that its images follow from, as JSON can hold it.

        A folder of translated images has it in its record, and is only gone
        on with where it is the same: for one with weights the SHA-256 of
        their file belongs to it.
        """
        ...
