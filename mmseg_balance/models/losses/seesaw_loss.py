"""Seesaw loss."""

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...number_checks import check_number
from .counted_loss import CountedLoss
from .pixel_loss import cross_entropy


def log_mitigation(counts: Tensor, exponent: float) -> Tensor:
    """Log of how much less class i pushes down class j, (C, C).

    (N_j / N_i)^p where N_j < N_i, else 1.

    Args:
        counts: N, float64 (C,); taken to be at least 1.
        exponent: p.
    """
    logs = counts.clamp(min=1).log()
    return exponent * (logs[None] - logs[:, None]).clamp(max=0)


def log_compensation(
    logits: Tensor, target: Tensor, exponent: float
) -> Tensor:
    """Log of how much more a class that wins is pushed down, (N, C, ...).

    (sigma_j / sigma_i)^q where class j is more probable than the pixel's own
    class i, else 1. Softmaxes differ by their logits alone.

    Args:
        logits: (N, C, ...).
        target: A class for each pixel, (N, ...).
        exponent: q.
    """
    own = logits.gather(1, target.unsqueeze(1))
    return exponent * (logits - own).clamp(min=0)


@MODELS.register_module()
class SeesawLoss(CountedLoss):
    """Seesaw loss for pixels (Wang et al., CVPR 2021).

    Negative gradients of rare classes are mitigated by the ratio of counts,
    those of classes that win wrongly are strengthened: log S_ij is added to
    each logit j but the pixel's own. Written for instance
    segmentation, where counts are of instances; here they are of pixels.

    Args:
        num_classes: Number of classes C.
        p: Exponent of mitigation, at least 0.
        q: Exponent of compensation, at least 0.
        counts: See :class:`ClassCounts`; the paper's are 'online'.
        loss_name: Name of the loss in the log.
        **kwargs: See :class:`CountedLoss`.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        num_classes: int,
        p: float = 0.8,
        q: float = 2.0,
        counts: str | Sequence[float] = 'online',
        loss_name: str = 'loss_seesaw',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, counts, loss_name=loss_name, **kwargs)
        for name, value in (('p', p), ('q', q)):
            check_number('SeesawLoss', name, value)
        self.p = p
        self.q = q

    def losses_and_weights(
        self,
        logits: Tensor,
        target: Tensor,
        known: Tensor,
        weight: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Seesaw loss of each pixel; no weights of classes."""
        with torch.no_grad():
            offset = log_compensation(logits, target, self.q)
            mitigation = log_mitigation(self.counts.of('pixels'), self.p)
            offset += mitigation.to(offset)[target].movedim(-1, 1)
            # the diagonal of the mitigation is 0, and so is this there
        return cross_entropy(logits + offset, target), None
