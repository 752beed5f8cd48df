"""What a training shows, without labels, of how it balances classes."""

import torch
from torch import Tensor

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.bias import mixture_bias
from mmseg_balance.logits.host import on_host

# elements of a comparison of labels with classes that are alive at one time
_LARGEST = 2**26
DOMAINS = ('source', 'target')


def class_counts(labels: Tensor, num_classes: int) -> Tensor:
    """Pixels of each class, counted without waiting for a GPU.

    Args:
        labels: Classes, of an integer dtype, any shape; what is no class
            does not count.
        num_classes: Number of classes C.

    Returns:
        Counts, int64 (C,), on the device of the labels.
    """
    labels = labels.flatten()
    if on_host(labels):
        known = labels[(labels >= 0) & (labels < num_classes)]
        return known.long().bincount(minlength=num_classes)
    # bincount waits for its largest value, and adds in any order
    classes = torch.arange(num_classes, device=labels.device)
    size = max(_LARGEST // max(len(labels), 1), 1)
    return torch.cat(
        [(labels == part.unsqueeze(1)).sum(1) for part in classes.split(size)]
    )


def total_variation(first: Tensor, second: Tensor) -> float:
    """Distance of the shares of classes.

    Args:
        first, second: Pixels or shares of each class, (C,).

    Returns:
        Half the sum of the absolute differences, from 0 to 1: the share of
        pixels that would have to change their class. NaN where one has no
        pixel.
    """
    shares = [counts.double() / counts.sum() for counts in (first, second)]
    return float(torch.sub(*shares).abs().sum() / 2)


def update_counts(statistics: LogitStatistics) -> Tensor:
    """How often mixtures have been fitted so far.

    Args:
        statistics: Of a loss.

    Returns:
        int64 (2, C + 1), source and target: updates of the mixtures of each
        class, and at the end of the bank.
    """
    banks = [getattr(statistics, name) for name in DOMAINS]
    return torch.stack(
        [
            torch.cat([bank.num_updates.diagonal(), bank.step.view(1)])
            for bank in banks
        ]
    ).clone()


def support(now: Tensor, before: Tensor) -> Tensor:
    """Share of the updates that rest on pixels of each class.

    Args:
        now, before: Of :func:`update_counts`.

    Returns:
        Shares, float64 (2, C), from 0 to 1; NaN where a bank was never
        updated in between.
    """
    done = (now - before).double()
    return done[:, :-1] / done[:, -1:]


def eq5_bias(statistics: LogitStatistics) -> dict[str, Tensor]:
    """Bias by Eq. 5 of the mixtures of a loss.

    Args:
        statistics: Of a loss.

    Returns:
        By domain: percentage points, float64 (C,) on the CPU; NaN for
        classes whose mixtures were never fitted.
    """
    return {
        name: 100 * mixture_bias(getattr(statistics, name)).cpu()
        for name in DOMAINS
    }


def mean_magnitude(values: Tensor) -> float:
    """Mean of the absolute values that are numbers; NaN without one."""
    return float(values.abs().nanmean())
