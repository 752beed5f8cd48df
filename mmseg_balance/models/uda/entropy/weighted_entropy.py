"""Entropy whose classes are weighted by their gradients (GBW)."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ....errors import UserValueError
from ....number_checks import check_number
from ...losses.class_weights.gradient_weights import (
    MODES,
    class_sums,
    weights_of_mode,
)
from ...losses.class_weights.weight_history import WeightHistory
from .self_information import pixel_mean

CLASS_LOSSES = ('channel', 'predicted')


def channel_gradients(log_probs: Tensor) -> Tensor:
    """Squared gradient of each channel of the entropy to the logits.

    Of l_c = -p_c log p_c, over log C as the entropy itself:
    dl_c / dz_j = -p_c (log p_c + 1) (1[j = c] - p_j).

    Args:
        log_probs: (N, C, ...).

    Returns:
        Sum over logits, (N, C, ...).
    """
    probs = log_probs.exp()
    # sum over j of (1[j = c] - p_j)^2
    spread = 1 - 2 * probs + probs.square().sum(1, keepdim=True)
    slope = probs * (log_probs + 1)
    return slope.square() * spread / math.log(log_probs.shape[1]) ** 2


def entropy_gradients(log_probs: Tensor) -> Tensor:
    """Squared gradient of each pixel's entropy to its logits.

    dH / dz_j = -p_j (log p_j + H), over log C as the entropy itself.

    Args:
        log_probs: (N, C, ...).

    Returns:
        Sum over logits, (N, ...).
    """
    probs = log_probs.exp()
    total = -(probs * log_probs).sum(1, keepdim=True)
    slope = probs * (log_probs + total)
    return slope.square().sum(1) / math.log(log_probs.shape[1]) ** 2


@torch.no_grad()
def channel_weights(
    log_probs: Tensor,
    valid: Tensor,
    regularization: float = 1.0,
    mode: str = 'normalized',
) -> Tensor:
    """Class weights from the gradients of the entropy's channels.

    The loss of class c is the mean of -p_c log p_c over all pixels: below
    Eq. 1 of GBW. Its gradients are those of Eq. 7 to 11.

    Args:
        log_probs: (N, C, ...).
        valid: Pixels that count, bool (N, ...).
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper', see ``GBWLoss``.

    Returns:
        float64 (C,); 1 where no pixel counts.
    """
    pixels = channel_gradients(log_probs) * valid.unsqueeze(1)
    rest = [d for d in range(pixels.dim()) if d != 1]
    count = valid.double().sum()
    squared = pixels.sum(rest, dtype=torch.float64)
    squared = squared / count.clamp(min=1).square()
    present = (count > 0).expand_as(squared)
    return weights_of_mode(squared, present, regularization, mode)


@torch.no_grad()
def predicted_weights(
    log_probs: Tensor,
    valid: Tensor,
    predicted: Tensor,
    regularization: float = 1.0,
    mode: str = 'normalized',
) -> Tensor:
    """Class weights from the gradients of the entropies of predictions.

    The loss of class c is the mean entropy of the pixels that are predicted
    as c, which is not the paper's: a class that is predicted nowhere has no
    say in its weight.

    Args:
        log_probs: (N, C, ...).
        valid: Pixels that count, bool (N, ...).
        predicted: Most probable class, (N, ...).
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper', see ``GBWLoss``.

    Returns:
        float64 (C,).
    """
    classes = log_probs.shape[1]
    count = class_sums(valid.double(), predicted, classes)
    scale = valid / (count + 1).to(log_probs)[predicted]
    pixels = entropy_gradients(log_probs) * scale.square()
    squared = class_sums(pixels, predicted, classes)
    return weights_of_mode(squared, count > 0, regularization, mode)


def weighted_entropy(
    logits: Tensor,
    valid: Tensor,
    regularization: float = 1.0,
    mode: str = 'normalized',
    class_loss: str = 'channel',
) -> tuple[Tensor, Tensor]:
    """Mean over pixels of the normalised entropy with weights of classes.

    The GBW paper has entropy terms in its class losses; its public code
    weighs cross entropy alone.

    Args:
        logits: (N, C, H, W), C at least 2.
        valid: Pixels that count, bool (N, H, W).
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper', see ``GBWLoss``.
        class_loss: What the loss of class c is, see ``WeightedEntropy``.

    Returns:
        The mean, 0 where no pixel counts; and the weights, float64 (C,).
    """
    log_probs = F.log_softmax(logits, 1)
    channels = -log_probs.exp() * log_probs / math.log(logits.shape[1])
    known = log_probs.detach()
    if class_loss == 'channel':
        weights = channel_weights(known, valid, regularization, mode)
        shape = (-1, *(1,) * (logits.dim() - 2))
        pixels = (channels * weights.to(channels).view(shape)).sum(1)
    else:
        predicted = logits.argmax(1)
        weights = predicted_weights(
            known, valid, predicted, regularization, mode
        )
        pixels = channels.sum(1) * weights.to(channels)[predicted]
    return pixel_mean(pixels, valid), weights


@dataclass(frozen=True)
class WeightedEntropy:
    """:func:`weighted_entropy` with settings that are checked at build.

    ``history`` is where ``ClassWeightsHook`` finds the weights, those of all
    outputs together.

    Args:
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper'.
        class_loss: - 'channel': the paper's, channel c of the entropy,
                -p_c log p_c, over all pixels.
              - 'predicted': the entropy of the pixels that are predicted as
                c.

    Raises:
        ValueError: A setting out of range.
    """

    regularization: float = 1.0
    mode: str = 'normalized'
    class_loss: str = 'channel'
    history: WeightHistory = field(default_factory=WeightHistory, init=False)

    def __post_init__(self) -> None:
        known = tuple(mode for mode in MODES if mode != 'released')
        if self.mode not in known:
            raise UserValueError(
                f'Expected `mode` of class_weighting to be one of {known}, '
                f'but got {self.mode!r} (the released code has no weights of '
                'entropy)'
            )
        if self.class_loss not in CLASS_LOSSES:
            raise UserValueError(
                'Expected `class_loss` of class_weighting to be one of '
                f'{CLASS_LOSSES}, but got {self.class_loss!r}'
            )
        check_number(
            'class_weighting',
            'regularization',
            self.regularization,
            above=True,
        )

    def __call__(self, logits: Tensor, valid: Tensor) -> Tensor:
        """Loss of a batch of logits (N, C, H, W); its weights are noted."""
        loss, weights = weighted_entropy(
            logits, valid, self.regularization, self.mode, self.class_loss
        )
        self.history.add(weights, 'target')
        return loss


def weighted_entropy_of(settings: Any) -> WeightedEntropy:
    """Build it from ``class_weighting`` of a config.

    Args:
        settings: Its value.

    Raises:
        ValueError: No dict, or keys that there are not; names them.
    """
    known = ('regularization', 'mode', 'class_loss')
    if not isinstance(settings, dict) or set(settings) - set(known):
        raise UserValueError(
            'Expected `class_weighting` of EntropyObjective to be a dict with '
            f'keys of {known}, but got {settings!r}'
        )
    return WeightedEntropy(**settings)
