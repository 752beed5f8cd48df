"""Labels that the teacher gives to target images (Eq. 2)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ....errors import UserValueError
from ...head_losses.sampled_labels import SampledLabels
from ...recording import CONFIDENCE, note

WEIGHTINGS = ('batch', 'pixel', 'confidence')


@dataclass
class PseudoLabels:
    """What the teacher says of a target batch.

    Attributes:
        labels: Most probable class, (N, H, W).
        weight: Quality q of each pixel, float32 (N, H, W).
        confident: Share of the pixels above the threshold, ().
        sampled: Classes drawn from the teacher's probabilities, where a loss
            counts by these; else None.
    """

    labels: Tensor
    weight: Tensor
    confident: Tensor
    sampled: SampledLabels | None = None


@torch.no_grad()
def pseudo_labels(
    logits: Tensor,
    threshold: float,
    valid: Tensor | None = None,
    ignore_top: int = 0,
    ignore_bottom: int = 0,
    weighting: str = 'batch',
    scores: Tensor | None = None,
) -> PseudoLabels:
    """Label and weigh the pixels of a target batch.

    Agrees with https://github.com/lhoyer/DAFormer for ``weighting='batch'``.

    Args:
        logits: The teacher's, at the images' size, (N, C, H, W).
        threshold: Confidence that a pixel must reach.
        valid: Pixels that are image and not padding, bool (N, H, W). They
            alone are counted, the others have weight 0.
        ignore_top: Rows at the upper margin with weight 0.
        ignore_bottom: Rows at the lower margin with weight 0.
        weighting: 'batch': q is the share of the batch's pixels that reach
            the threshold, the same for each pixel. 'pixel': 1 for pixels
            that reach it and 0 for the others. 'confidence': the probability
            of its class for pixels that reach it and 0 for the others.
        scores: Balanced scores, (N, C, H, W), whose largest one gives the
            label in place of the logit's. How confident the teacher is,
            its logits say all the same.

    Returns:
        Labels and weights.
    """
    confidence, labels = most_probable(logits)
    if scores is not None:
        labels = scores.argmax(1)
    reached = confidence >= threshold
    if valid is None:
        valid = torch.ones_like(reached)
    reached = reached & valid
    note(CONFIDENCE, lambda: confidence.masked_fill(~valid, torch.nan))
    confident = reached.sum() / valid.sum().clamp(min=1)
    if weighting == 'batch':
        weight = confident * valid
    else:
        weight = reached.float()
    if weighting == 'confidence':
        weight = weight * confidence
    weight = within_margins(weight, ignore_top, ignore_bottom)
    return PseudoLabels(labels, weight, confident)


def within_margins(
    weight: Tensor, ignore_top: int, ignore_bottom: int
) -> Tensor:
    """Weights, changed in place, of which some rows are 0.

    Args:
        weight: (N, H, W).
        ignore_top, ignore_bottom: Numbers of rows.
    """
    weight[:, :ignore_top] = 0
    if ignore_bottom:
        weight[:, -ignore_bottom:] = 0
    return weight


@torch.no_grad()
def most_probable(logits: Tensor) -> tuple[Tensor, Tensor]:
    """How sure a teacher is of each pixel, and of what.

    Args:
        logits: (N, C, H, W).

    Returns:
        Probability of the most probable class, float32 (N, H, W), and that
        class, (N, H, W).
    """
    logits = logits.float()
    best, labels = logits.max(1)
    return (best - logits.logsumexp(1)).exp_(), labels


@dataclass(frozen=True)
class PseudoLabeler:
    """:func:`pseudo_labels` with settings that are checked when it is built.

    Args:
        threshold: Confidence that a pixel must reach, [0, 1].
        weighting: 'batch' (DACS), 'pixel' or 'confidence'.
        ignore_top: Rows at the upper margin of a crop without labels.
        ignore_bottom: Rows at the lower margin of a crop without labels.

    Raises:
        ValueError: A setting out of range, by its key in the UDA model.
    """

    threshold: float = 0.968
    weighting: str = 'batch'
    ignore_top: int = 0
    ignore_bottom: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise UserValueError(
                'Expected `pseudo_threshold` to be in [0, 1], '
                f'but got {self.threshold}'
            )
        if self.weighting not in WEIGHTINGS:
            raise UserValueError(
                'Expected `pseudo_weighting` to be one of '
                f'{WEIGHTINGS}, but got {self.weighting!r}'
            )
        if min(self.ignore_top, self.ignore_bottom) < 0:
            raise UserValueError(
                'Expected `ignore_top` and `ignore_bottom` to be numbers of '
                f'rows, but got {self.ignore_top} and {self.ignore_bottom}'
            )

    def __call__(
        self,
        logits: Tensor,
        valid: Tensor | None = None,
        scores: Tensor | None = None,
    ) -> PseudoLabels:
        """Label a batch of logits (N, C, H, W); see :func:`pseudo_labels`."""
        return pseudo_labels(
            logits,
            self.threshold,
            valid,
            self.ignore_top,
            self.ignore_bottom,
            self.weighting,
            scores,
        )
