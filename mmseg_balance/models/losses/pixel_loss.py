"""What the losses that balance classes share: pixels, weights, the mean."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import UserValueError
from ...number_checks import is_number
from ..backward_pass import counts


def cross_entropy(
    logits: Tensor, target: Tensor, focal_gamma: float = 0.0
) -> Tensor:
    """Cross entropy of each pixel, or the focal loss (Lin et al. 2017).

    -(1 - p)^gamma log p, with p the probability of the pixel's class (Eq.
    4, over a softmax). Finite, with its gradient, wherever logits are.

    Args:
        logits: (N, C, ...).
        target: A class for each pixel, (N, ...).
        focal_gamma: gamma, at least 0; 0 is cross entropy.

    Returns:
        (N, ...).
    """
    loss = F.cross_entropy(logits, target, reduction='none')
    return focal(loss, focal_gamma)


def focal(loss: Tensor, focal_gamma: float) -> Tensor:
    """The focal loss of a cross entropy, see :func:`cross_entropy`."""
    if not focal_gamma:
        return loss
    # (1 - p)^gamma has an infinite slope at p = 1 for gamma < 1
    rest = (-torch.expm1(-loss)).clamp(min=1e-12)
    return rest**focal_gamma * loss


def check_class_weight(owner: str, value: Sequence[float]) -> None:
    """Refuse fixed weights of classes that are none.

    Args:
        owner: Class of the loss.
        value: What was given as ``class_weight``.

    Raises:
        ValueError: Names the key and the value.
    """
    fine = isinstance(value, (list, tuple)) and all(
        is_number(v) and v >= 0 for v in value
    )
    if not fine or not any(value):
        raise UserValueError(
            f'Expected `class_weight` of {owner} to be a list of numbers of '
            'at least 0, one for each class and not all of them 0, but got '
            f'{value!r}'
        )


class PixelLoss(nn.Module, ABC):
    """A loss of each pixel, averaged over all pixels.

    Ignored pixels count with 0, as in MMSegmentation's cross entropy, and
    float32 holds under autocast.

    Args:
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.
        class_weight: Fixed weight of each class, by which its pixels are
            multiplied, whatever else weighs them; the mean stays one over
            all pixels. Not in the state dict. Default: 1.

    Raises:
        ValueError: Class weights that are none.
    """

    def __init__(
        self,
        loss_weight: float,
        loss_name: str,
        class_weight: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self._loss_name = loss_name
        fixed = None
        if class_weight is not None:
            check_class_weight(type(self).__name__, class_weight)
            fixed = torch.tensor(class_weight, dtype=torch.float32)
        self.register_buffer('class_weight', fixed, persistent=False)

    @property
    def counts_ignored(self) -> bool:
        """Whether the value falls with the share of ignored pixels."""
        return True

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
        target_mask: Tensor | None = None,
        collect: bool = True,
        reduction_override: str | None = None,
    ) -> Tensor:
        """Loss of a batch.

        Args:
            cls_score: Logits, (N, C, ...).
            label: (N, ...).
            weight: Weight of each pixel, (N, ...).
            ignore_index: Label of ignored pixels.
            target_mask: Pixels of the target domain, bool (N, ...). Default:
                a source batch.
            collect: Feed the statistics (in training mode alone).
            reduction_override: 'none' for the loss of each pixel, as
                samplers of hard pixels ask for it. Default: 'mean'.

        Returns:
            Mean over all pixels, or the loss of each, (N, ...); times
            ``loss_weight``.
        """
        if reduction_override not in (None, 'none', 'mean'):
            raise UserValueError(
                "Expected `reduction_override` to be 'none' or 'mean', but "
                f'got {reduction_override!r}'
            )
        if cls_score.shape[1] < 2:
            raise UserValueError(
                f'{type(self).__name__} needs a logit for each of two classes '
                'or more, but the head gives one: leave out_channels and '
                'threshold of the head away'
            )
        classes = getattr(self, 'num_classes', cls_score.shape[1])
        if cls_score.shape[1] != classes:
            raise UserValueError(
                f'{type(self).__name__} was built for num_classes={classes}, '
                f'but the head gives {cls_score.shape[1]} logits a pixel: set '
                'loss_decode.num_classes to the num_classes of the head'
            )
        fixed = self.class_weight
        if fixed is not None and len(fixed) != cls_score.shape[1]:
            raise UserValueError(
                f'class_weight of {type(self).__name__} has {len(fixed)} '
                f'numbers, but the head gives {cls_score.shape[1]} logits a '
                'pixel: set one for each class'
            )
        known = label != ignore_index
        target = label.masked_fill(~known, 0).long()
        with torch.autocast(cls_score.device.type, enabled=False):
            loss, weights = self.losses_and_weights(
                cls_score.float(), target, known, weight
            )
            is_learnt = self.training and torch.is_grad_enabled()
            if collect and is_learnt and counts():
                self.observe(
                    loss.detach(), weights, target, known, target_mask
                )
            loss = loss.masked_fill(~known, 0)
            if weights is not None:
                loss = loss * weights.to(loss)[target]
            if fixed is not None:
                loss = loss * fixed[target]
            if weight is not None:
                loss = loss * weight
        if reduction_override != 'none':
            loss = loss.mean()
        return self.loss_weight * loss

    @abstractmethod
    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Loss of each pixel, and what it is multiplied with.

        Args:
            logits: float32 (N, C, ...).
            target: A class for each pixel, 0 for the ignored ones, (N, ...).
            known: Pixels that are not ignored, bool (N, ...).
            weight: Weight of each pixel, (N, ...); it is applied later.

        Returns:
            (N, ...); and weights of the classes, float64 (C,), or None.
        """

    def observe(
        self,
        loss: Tensor,
        weights: Tensor | None,
        target: Tensor,
        known: Tensor,
        target_mask: Tensor | None,
    ) -> None:
        """Take statistics of a training batch, for later iterations.

        Args:
            loss: Loss of each pixel, without gradient, (N, ...).
            weights: Weights of the classes, which it is not yet multiplied
                with; None: none.
            target: A class for each pixel, (N, ...).
            known: Pixels that are not ignored, bool (N, ...).
            target_mask: Pixels of the target domain; None: a source batch.
        """

    @property
    def loss_name(self) -> str:
        """Name of the loss in the log."""
        return self._loss_name
