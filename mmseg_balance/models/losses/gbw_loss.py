"""Gradient-based class weighting (GBW)."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from .gradient_weights import MODES, class_gradients, weights_of_mode
from .pixel_loss import check_gamma, focal
from .weight_history import WeightHistory


@MODELS.register_module()
class GBWLoss(nn.Module):
    """Cross entropy whose classes are weighted by their gradients.

    Gradient-based Class Weighting for Unsupervised Domain Adaptation in
    Dense Prediction Visual Tasks (2024). Weights are found anew in each
    call, from its logits, in closed form: no backward pass and no solver of
    quadratic programs. They sum up to the number of classes and carry no
    gradient.

    Args:
        mode: - 'normalized': g^2 of 'paper', divided by its mean over the
                classes that occur, so that lambda means the same at every
                crop size. Absent classes keep weight 1.
              - 'paper': the gradient of each class's own loss (Eq. 7 to 11),
                with the weights of pseudo-labels inside (Eq. 12).
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
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(
                f'Expected `mode` of GBWLoss to be one of {MODES}, but got '
                f'{mode!r}'
            )
        if not regularization > 0:
            raise ValueError(
                'Expected `regularization` (lambda) of GBWLoss to be above 0,'
                f' but got {regularization}'
            )
        check_gamma(focal_gamma, 'GBWLoss')
        self.mode = mode
        self.focal_gamma = focal_gamma
        self.history = WeightHistory()
        self.regularization = regularization
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
        target_mask: Tensor | None = None,
        collect: bool = True,
        **kwargs,
    ) -> Tensor:
        """Loss of a batch, averaged over all pixels.

        Args:
            cls_score: Logits, (N, C, ...).
            label: (N, ...).
            weight: Weight of each pixel, (N, ...).
            ignore_index: Label of ignored pixels.
            target_mask: Pixels of the target domain, bool (N, ...). Default:
                a source batch. For the history of the weights alone.
            collect: Note the weights (in training mode alone).
            **kwargs: Not used; heads give more than losses need.
        """
        known = label != ignore_index
        target = label.masked_fill(~known, 0).long()
        with torch.autocast(cls_score.device.type, enabled=False):
            log_probs = F.log_softmax(cls_score.float(), 1)
            weights = self._weights(
                log_probs.detach(), label, weight, ignore_index
            )
            if collect and self.training and torch.is_grad_enabled():
                self.history.add(weights, target_mask is not None)
            loss = F.nll_loss(log_probs, target, reduction='none')
            loss = focal(loss, self.focal_gamma).masked_fill(~known, 0)
            loss = loss * weights.to(loss)[target]
            if weight is not None:
                loss = loss * weight
        return self.loss_weight * loss.mean()

    def weights(
        self,
        logits: Tensor,
        labels: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Weights of the classes, float64 (C,); arguments as ``forward``."""
        log_probs = F.log_softmax(logits.detach().float(), 1)
        return self._weights(log_probs, labels, weight, ignore_index)

    def _weights(
        self,
        log_probs: Tensor,
        labels: Tensor,
        weight: Tensor | None,
        ignore_index: int,
    ) -> Tensor:
        squared, present = class_gradients(
            log_probs,
            labels,
            weight,
            self.mode,
            ignore_index,
            self.focal_gamma,
        )
        return weights_of_mode(
            squared, present, self.regularization, self.mode
        )

    @property
    def loss_name(self) -> str:
        """Name of the loss in the log."""
        return self._loss_name
