"""The statistics of logits that a head's losses follow."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from mmseg_balance.logits import LogitStatistics

from ..backward_pass import counts
from .pixel_targets import PixelTargets
from .segmentation_loss import loss_modules


def statistics_of(head: BaseDecodeHead) -> LogitStatistics | None:
    """What the first loss of a head that follows its logits has collected.

    Args:
        head: Any head. A loss that follows the logits, BLDALoss for one, has
            a ``LogitStatistics`` as ``statistics``.

    Returns:
        None where no loss does.
    """
    for loss in loss_modules(head):
        found = getattr(loss, 'statistics', None)
        if isinstance(found, LogitStatistics):
            return found
    return None


def feed_statistics(
    head: BaseDecodeHead, logits: Tensor, targets: PixelTargets
) -> None:
    """Let losses that follow logits collect some that they do not train.

    In a pass that repeats one of the same iteration they do not.

    Args:
        head: Whose losses they are.
        logits: Of the size of the labels, (N, C, H, W).
        targets: Class, weight and domain of each pixel.
    """
    if not counts():
        return
    for loss in loss_modules(head):
        if isinstance(getattr(loss, 'statistics', None), LogitStatistics):
            loss.collect(logits, targets, head.ignore_index)
