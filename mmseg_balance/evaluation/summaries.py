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
    return summarise_measures(dict(IoU=iou, Acc=acc))


def summarise_measures(measures: Mapping[str, Tensor]) -> dict[str, float]:
    """Mean and std of several values over a set of classes.

    Args:
        measures: Values of each class (C,) by name, NaN for classes to leave
            out; 'Acc' among them.

    Returns:
        The means, 'mAcc' for one, and then the stds, 'Acc_std' for one, in
        the unit of the arguments; empty when no labelled class is left.
    """
    is_nan = torch.stack([v.isnan() for v in measures.values()])
    if bool(is_nan.any(0).all()):
        return {}
    both = {name: mean_and_std(values) for name, values in measures.items()}
    means = {f'm{name}': mean for name, (mean, _) in both.items()}
    return means | {f'{name}_std': std for name, (_, std) in both.items()}


def summarise_group(
    measures: Mapping[str, Tensor], member: Tensor
) -> dict[str, float]:
    """:func:`summarise_measures` over some of the classes.

    Args:
        measures: Of all classes, (C,) each.
        member: Which classes are meant, bool (C,).
    """
    return summarise_measures(
        {k: v.masked_fill(~member, torch.nan) for k, v in measures.items()}
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
