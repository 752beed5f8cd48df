"""The statistics of logits that a head's losses follow."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from mmseg_balance.logits import LogitStatistics

from ...errors import UserValueError
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


def check_enough_images(
    statistics: LogitStatistics, batch_size: int, num_ranks: int = 1
) -> str | None:
    """Whether a classifier's batches can come to N_min images of a class.

    Args:
        statistics: Of a loss of it.
        batch_size: Images of a domain in a batch.
        num_ranks: Processes, each with such batches.

    Returns:
        A line for the user where a class has fewer of them on average.

    Raises:
        ValueError: A class with all images has fewer.
    """
    collect_over, needed = statistics.collect_over, statistics.min_samples
    images = batch_size
    if collect_over > 1:  # which are those of all ranks
        images *= num_ranks * collect_over
    remedy = (
        'set loss_decode.collect_over, the iterations whose images count '
        'together, to '
        f'{-(-3 * needed * statistics.num_classes // batch_size)} or so '
        '(configs/_base_/balance/blda_classifier.py)'
    )
    found = (
        f'min_samples={needed} of BLDALoss are images of a class, but '
        f'batches of train_dataloader.batch_size={batch_size} with '
        f'collect_over={collect_over}'
    )
    if images < needed:
        raise UserValueError(
            f'{found} have {images} in all: mixtures would never be fitted, '
            f'and nothing balanced; {remedy}'
        )
    average = images / statistics.num_classes
    if average < needed:
        return (
            f'{found} have {average:.0f} on average: some classes may never '
            f'be balanced; {remedy}'
        )
    return None
