"""The statistics of logits that a head's losses follow."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead

from mmseg_balance.logits import LogitStatistics

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
