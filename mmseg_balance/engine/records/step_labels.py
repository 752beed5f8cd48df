"""Labels of a step, counted by class."""

import torch
from torch import Tensor

from mmseg_balance.models.recording import CONFIDENCE, LABELS, SOURCE, TARGET

from .balance_signals import class_counts

RECORDED = {(SOURCE, LABELS), (TARGET, LABELS), (TARGET, CONFIDENCE)}
ROWS = (SOURCE, TARGET)


class StepLabels:
    """Records the labels of a step, and where the target's are padding."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Tensor] = {}

    def wants(self, row: str, name: str) -> bool:
        """See ``Recorder``."""
        return (row, name) in RECORDED - self.found.keys()

    def record(self, row: str, name: str, value: Tensor) -> None:
        """See ``Recorder``."""
        self.found[row, name] = value

    def counts(self, like: Tensor) -> Tensor:
        """Pixels of each class.

        Args:
            like: int64 (2, C), of the shape and on the device that they
                are counted in.

        Returns:
            Pixels by row, see ``ROWS``, and class, int64 (2, C).
        """
        counts = torch.zeros_like(like)
        for own, row in zip(counts, ROWS, strict=True):
            if (row, LABELS) not in self.found:
                continue
            labels = self.found[row, LABELS]
            if (row, CONFIDENCE) in self.found:
                padding = self.found[row, CONFIDENCE].isnan()
                labels = labels.masked_fill(padding, -1)
            own += class_counts(labels, like.shape[1])
        return counts
