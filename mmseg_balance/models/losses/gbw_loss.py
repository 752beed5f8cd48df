"""Gradient-based class weighting (GBW)."""

from collections.abc import Sequence

import torch
from mmseg.registry import MODELS
from torch import Tensor
from torch.nn import functional as F

from ...errors import UserValueError
from ...number_checks import check_number
from .class_weights.gradient_weights import (
    MODES,
    class_gradients,
    class_sums,
    weights_of_mode,
)
from .class_weights.weight_history import WeightHistory
from .pixel_loss import PixelLoss, focal


@torch.no_grad()
def class_mean_scale(target: Tensor, known: Tensor, classes: int) -> Tensor:
    """What makes a mean over pixels a mean of the means of classes.

    Eq. 2 of GBW divides the loss of class c by its number n_c of pixels, and
    the text below Eq. 6 the sum over classes by C: a pixel of class c is
    multiplied with N / (C n_c), N the number of all pixels.

    Args:
        target: A class for each pixel, (N, ...).
        known: Pixels that are not ignored, bool (N, ...).
        classes: Number of classes C.

    Returns:
        Factor of each pixel, (N, ...).
    """
    count = class_sums(known.double(), target, classes).clamp(min=1)
    return (target.numel() / (classes * count))[target]


@MODELS.register_module()
class GBWLoss(PixelLoss):
    """Cross entropy whose classes are weighted by their gradients.

    Gradient-based Class Weighting for Unsupervised Domain Adaptation in
    Dense Prediction Visual Tasks (2024). Weights are found anew in each
    call, from its logits, in closed form: no backward pass and no solver of
    quadratic programs. They sum up to the number of classes and carry no
    gradient.

    Args:
        mode: - 'normalized': g^2 of each class's mean loss, divided by its
                mean over the classes that occur, so that lambda means the
                same at every crop size. The mean is one by pixel weights, so
                that classes of which the teacher is unsure are not taken for
                easy ones. Absent classes keep weight 1.
              - 'paper': the gradient of each class's own loss (Eq. 7 to 11;
                with ``class_means`` the loss is the paper's as well),
                with the weights of pseudo-labels inside (Eq. 12): the less
                sure the teacher is, the more weight goes to source classes.
              - 'released': as the public code: the norm of each logit
                channel, without the weights. At lambda = 1 and crops of 512
                the weights of classes with some hundred pixels are within
                0.4 % of 1, which makes it nearly plain cross entropy.
        regularization: lambda, above 0; the larger, the nearer to 1 all
            weights are.
        focal_gamma: Above 0, the focal loss takes the place of cross
            entropy.
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.
        class_means: Whether the loss is the weighted mean over all C classes
            of the mean of each (Eq. 2), in which a class of a few pixels
            counts as one of many; one without pixels counts with 0. Default:
            the weighted mean over pixels, as in the public code.
        class_weight: Fixed weight of each class, see :class:`PixelLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        mode: str = 'normalized',
        regularization: float = 1.0,
        focal_gamma: float = 0.0,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_gbw',
        class_means: bool = False,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__(loss_weight, loss_name, class_weight)
        if mode not in MODES:
            raise UserValueError(
                f'Expected `mode` of GBWLoss to be one of {MODES}, but got '
                f'{mode!r}'
            )
        check_number('GBWLoss', 'regularization', regularization, above=True)
        check_number('GBWLoss', 'focal_gamma', focal_gamma)
        self.mode = mode
        self.class_means = class_means
        self.focal_gamma = focal_gamma
        self.history = WeightHistory()
        self.regularization = regularization

    @property
    def counts_ignored(self) -> bool:
        """Whether the value falls with the share of ignored pixels.

        Means of classes do not.
        """
        return not self.class_means

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Loss of each pixel, and the weights of the classes."""
        log_probs = F.log_softmax(logits, 1)
        weights = self._weights(log_probs.detach(), target, known, weight)
        loss = F.nll_loss(log_probs, target, reduction='none')
        loss = focal(loss, self.focal_gamma)
        if self.class_means:
            scale = class_mean_scale(target, known, logits.shape[1])
            loss = loss * scale.to(loss)
        return loss, weights

    def observe(
        self,
        loss: Tensor,
        weights: Tensor,
        target: Tensor,
        known: Tensor,
        target_mask: Tensor | None,
    ) -> None:
        """Note the weights."""
        branch = 'source' if target_mask is None else 'mixed'
        self.history.add(weights, branch)

    def weights(
        self,
        logits: Tensor,
        labels: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Weights of the classes, float64 (C,); arguments as ``forward``."""
        known = labels != ignore_index
        target = labels.masked_fill(~known, 0).long()
        log_probs = F.log_softmax(logits.detach().float(), 1)
        return self._weights(log_probs, target, known, weight)

    def _weights(
        self,
        log_probs: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> Tensor:
        squared, present = class_gradients(
            log_probs, target, known, weight, self.mode, self.focal_gamma
        )
        return weights_of_mode(
            squared, present, self.regularization, self.mode
        )
