"""Means and spreads of panoptic quality over groups of classes."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..confusion import mean_and_std

QUALITIES = ('PQ', 'SQ', 'RQ')


def summarise_quality(
    quality: Mapping[str, Tensor], member: Tensor
) -> dict[str, float]:
    """Mean and std of PQ, SQ and RQ over some of the classes.

    Args:
        quality: Values of each class (C,) under 'PQ', 'SQ' and 'RQ', NaN for
            classes that are neither labelled nor predicted.
        member: Which classes are meant, bool (C,).

    Returns:
        ``mPQ``, ``mSQ``, ``mRQ``, ``PQ_std``, ``SQ_std`` and ``RQ_std`` in
        the unit of the arguments; empty when no class is left.
    """
    if bool(quality['PQ'][member].isnan().all()):
        return {}
    both = {
        name: mean_and_std(quality[name].masked_fill(~member, torch.nan))
        for name in QUALITIES
    }
    means = {f'm{name}': mean for name, (mean, _) in both.items()}
    return means | {f'{name}_std': std for name, (_, std) in both.items()}


def only_means(summary: Mapping[str, float]) -> dict[str, float]:
    """The means of a summary, without the spreads."""
    return {k: v for k, v in summary.items() if k.startswith('m')}
