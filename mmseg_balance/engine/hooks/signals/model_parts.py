"""What of a model its signals of balance are of."""

from torch import nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.head_losses.logit_statistics import statistics_of

from ...records.classes import trained_head


def labels_target(model: nn.Module) -> bool:
    """Whether a model has labels of target images.

    Args:
        model: The model, without its wrapper.
    """
    return any(
        getattr(model, need, False)
        for need in ('needs_pseudo_labels', 'needs_target_labels')
    )


def trained_statistics(model: nn.Module) -> LogitStatistics | None:
    """Distributions of the trained head's loss; None where it has none.

    Args:
        model: The model, without its wrapper.
    """
    head = trained_head(model)
    return None if head is None else statistics_of(head)
