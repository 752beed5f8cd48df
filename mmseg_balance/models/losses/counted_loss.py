"""A pixel loss with class counts of the source set."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from .class_weights.class_counts import ClassCounts
from .class_weights.rank_sums import sum_over_ranks
from .pixel_loss import PixelLoss

# of every loss that is given its class statistics
CLASS_STATISTICS = {
    'ClassStatisticsHook': 'a loss of type {type}, whose class statistics '
    'would never be read or updated'
}


class CountedLoss(PixelLoss):
    """What losses that start from class frequencies share.

    Args:
        num_classes: Number of classes C.
        counts, allow_absent: See :class:`ClassCounts`.
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.
        class_weight: Fixed weight of each class, see :class:`PixelLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    required_hooks = CLASS_STATISTICS

    def __init__(
        self,
        num_classes: int,
        counts: str | Sequence[float] = 'dataset',
        allow_absent: bool = False,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_counted',
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, loss_name, class_weight)
        self.num_classes = num_classes
        self.counts = ClassCounts(num_classes, counts, allow_absent)

    @classmethod
    def needs_hook(cls, hook: str, config: Mapping[str, Any]) -> bool:
        """Whether a loss with this config needs a hook.

        Args:
            hook: One of ``required_hooks``.
            config: Config of the loss.

        Returns:
            False for class statistics where ``counts`` are given.
        """
        is_given = isinstance(config.get('counts'), (list, tuple))
        return hook not in CLASS_STATISTICS or not is_given

    def observe(
        self,
        loss: Tensor,
        weights: Tensor | None,
        target: Tensor,
        known: Tensor,
        target_mask: Tensor | None,
    ) -> None:
        """Count the labels of a source batch."""
        if self.counts.source == 'online' and target_mask is None:
            self.counts.observe(target, known)

    def update_statistics(self) -> None:
        """Take over what was observed, on all ranks alike."""
        if self.counts.source == 'online':
            self.counts.update(sum_over_ranks())

    def forget_statistics(self) -> None:
        """Forget what was observed: another training begins."""
        if self.counts.source == 'online':
            self.counts.forget()

    def check_counts(self) -> None:
        """Refuse counts that this loss can do nothing with.

        Raises:
            ValueError: Names the setting.
        """
