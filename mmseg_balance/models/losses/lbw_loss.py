"""Loss-based class weighting (LBW)."""

from collections.abc import Sequence

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...number_checks import check_number, check_number_of_classes
from .class_weights.rank_sums import sum_over_ranks
from .class_weights.weight_history import WeightHistory
from .counted_loss import CLASS_STATISTICS
from .pixel_loss import PixelLoss, cross_entropy


@MODELS.register_module()
class LBWLoss(PixelLoss):
    """Cross entropy whose classes are weighted by their own mean loss.

    What GBW (2024) compares itself with in its Table 4b, without a formula
    or code; it names "CCL: Class-wise Curriculum Learning" (ICIP 2022), of
    which this is not the formula. Here the weight of a class is its mean
    loss over the mean of the classes', from a running average, so that hard
    classes count more and weights have the mean 1.
    Call ``update_statistics`` after each iteration (``ClassStatisticsHook``).

    Args:
        num_classes: Number of classes C.
        momentum: Of the running average, [0, 1); 0 takes the iteration
            before alone.
        focal_gamma: Above 0, the focal loss takes the place of cross
            entropy.
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
        momentum: float = 0.9,
        focal_gamma: float = 0.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_lbw',
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, loss_name, class_weight)
        check_number_of_classes('LBWLoss', num_classes)
        check_number('LBWLoss', 'momentum', momentum, high=1, below=True)
        check_number('LBWLoss', 'focal_gamma', focal_gamma)
        self.num_classes = num_classes
        self.momentum = momentum
        self.history = WeightHistory()
        self.focal_gamma = focal_gamma
        zeros = torch.zeros(num_classes, dtype=torch.float64)
        # loss of each class, and the share of it that was ever averaged in
        self.register_buffer('mean', zeros)
        self.register_buffer('share', zeros.clone())
        self.register_buffer('_new', torch.stack([zeros, zeros]), False)

    def class_weights(self) -> Tensor:
        """Weights of the classes, float64 (C,); 1 for those never seen."""
        seen = self.share > 0
        mean = (self.mean / self.share.clamp(min=1e-12)).where(seen, 0)
        average = mean.sum() / seen.sum().clamp(min=1)
        return (mean / average.clamp(min=1e-12)).where(seen, 1)

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Loss of each pixel, and the weights of the classes."""
        loss = cross_entropy(logits, target, self.focal_gamma)
        return loss, self.class_weights()

    def observe(
        self,
        loss: Tensor,
        weights: Tensor | None,
        target: Tensor,
        known: Tensor,
        target_mask: Tensor | None,
    ) -> None:
        """Add up the loss of each class, on source and target alike."""
        target = target.flatten()
        # logits may be infinite where nothing is labelled
        loss = loss.masked_fill(~known, 0).flatten().double()
        self._new[0].scatter_add_(0, target, loss)
        self._new[1].scatter_add_(0, target, known.flatten().double())

    def update_statistics(self) -> None:
        """Average in what was observed, on all ranks alike."""
        new, reduce = self._new, sum_over_ranks()
        if reduce is not None:
            new = reduce(new.clone())
        present = new[1] > 0
        rate = (1 - self.momentum) * present.double()
        self.mean.lerp_(new[0] / new[1].clamp(min=1), rate)
        self.share.lerp_(present.double(), rate)
        self._new.zero_()
        self.history.add(self.class_weights(), 'all')

    def forget_statistics(self) -> None:
        """Forget what was observed: another training begins."""
        for buffer in (self.mean, self.share, self._new):
            buffer.zero_()
