"""Means and spreads of IoU and accuracy over groups of classes."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .confusion import mean_and_std

LABELLED = 'labelled'


def summarise(iou: Tensor, acc: Tensor) -> dict[str, float]:
    """Mean and std of IoU and accuracy over a set of classes.

    Args:
        iou: IoU of each class (C,), NaN for classes to leave out.
        acc: Accuracy of each class (C,), NaN likewise and for classes
            without a labelled pixel.

    Returns:
        ``mIoU``, ``mAcc``, ``IoU_std`` and ``Acc_std`` in the unit of the
        arguments; empty when no labelled class is left.
    """
    if bool((iou.isnan() | acc.isnan()).all()):
        return {}
    (miou, iou_std), (macc, acc_std) = mean_and_std(iou), mean_and_std(acc)
    return {
        'mIoU': miou,
        'mAcc': macc,
        'IoU_std': iou_std,
        'Acc_std': acc_std,
    }


def summarise_group(
    iou: Tensor, acc: Tensor, member: Tensor
) -> dict[str, float]:
    """:func:`summarise` over some of the classes.

    Args:
        iou, acc: Of all classes, (C,).
        member: Which classes are meant, bool (C,).
    """
    return summarise(
        iou.masked_fill(~member, torch.nan),
        acc.masked_fill(~member, torch.nan),
    )


def labelled_classes(acc: Tensor, member: Tensor) -> dict[str, Tensor]:
    """The group of the labelled classes, where that is not all of them.

    IoU counts a class that is predicted but not labelled as 0, as
    MMSegmentation and scikit-learn do. How much of a mean comes from that
    is seen beside the mean over this group. It depends on labels alone, so
    that a training has the same scores at every validation.

    Args:
        acc: Accuracy of each class (C,), NaN without a labelled pixel.
        member: Which classes are meant, bool (C,).

    Returns:
        Members with a labelled pixel by the name of their group; empty when
        these are all members.
    """
    absent = member & acc.isnan()
    return {LABELLED: member & ~absent} if bool(absent.any()) else {}


def with_ending(scores: Mapping[str, float], group: str) -> dict[str, float]:
    """Scores of a group of classes under keys of their own.

    Args:
        scores: Of :func:`summarise`.
        group: Name of the group, 'labelled' for one: 'mIoU' becomes
            'mIoU_labelled'.
    """
    return {f'{key}_{group}': value for key, value in scores.items()}
