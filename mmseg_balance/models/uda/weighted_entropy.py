"""Entropy whose classes are weighted by their gradients (GBW)."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..losses.gradient_weights import MODES, class_sums, weights_of_mode
from ..losses.weight_history import WeightHistory
from ..number_checks import check_number
from .self_information import pixel_mean


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
def entropy_weights(
    log_probs: Tensor,
    valid: Tensor,
    predicted: Tensor,
    regularization: float = 1.0,
    mode: str = 'normalized',
) -> Tensor:
    """Class weights from the gradients of class entropies (GBW, Eq. 11).

    The entropy of class c is the mean over the pixels that are predicted as
    c: there are no labels.

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
) -> tuple[Tensor, Tensor]:
    """Mean over pixels of the normalised entropy times its class's weight.

    The GBW paper has entropy terms in its class losses; its public code
    weighs cross entropy alone.

    Args:
        logits: (N, C, H, W), C at least 2.
        valid: Pixels that count, bool (N, H, W).
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper', see ``GBWLoss``.

    Returns:
        The mean, 0 where no pixel counts; and the weights, float64 (C,).
    """
    log_probs = F.log_softmax(logits, 1)
    predicted = logits.argmax(1)
    weights = entropy_weights(
        log_probs.detach(), valid, predicted, regularization, mode
    )
    pixels = -(log_probs.exp() * log_probs).sum(1) / math.log(logits.shape[1])
    pixels = pixels * weights.to(pixels)[predicted]
    return pixel_mean(pixels, valid), weights


@dataclass(frozen=True)
class WeightedEntropy:
    """:func:`weighted_entropy` with settings that are checked at build.

    ``history`` is where ``ClassWeightsHook`` finds the weights, those of all
    outputs together.

    Args:
        regularization: lambda, above 0.
        mode: 'normalized' or 'paper'.

    Raises:
        ValueError: A setting out of range.
    """

    regularization: float = 1.0
    mode: str = 'normalized'
    history: WeightHistory = field(default_factory=WeightHistory, init=False)

    def __post_init__(self) -> None:
        known = tuple(mode for mode in MODES if mode != 'released')
        if self.mode not in known:
            raise ValueError(
                f'Expected `mode` of class_weighting to be one of {known}, '
                f'but got {self.mode!r} (the released code has no weights of '
                'entropy)'
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
            logits, valid, self.regularization, self.mode
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
    known = ('regularization', 'mode')
    if not isinstance(settings, dict) or set(settings) - set(known):
        raise ValueError(
            'Expected `class_weighting` of EntropyObjective to be a dict with '
            f'keys of {known}, but got {settings!r}'
        )
    return WeightedEntropy(**settings)
