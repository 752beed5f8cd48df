"""What a training does to each class, as scalars."""

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.positive_logits import (
    positive_means,
    positive_offsets,
)
from mmseg_balance.models.recording import CONFIDENCE, LABELS, SOURCE, TARGET
from mmseg_balance.models.uda.teacher.class_shares import (
    class_means,
    class_shares,
)


def label_values(
    found: Mapping[tuple[str, str], Tensor], num_classes: int
) -> dict[str, list[float]]:
    """What the labels of a step say of each class.

    Args:
        found: Labels (N, H, W) by row and name.
        num_classes: Number of classes C.

    Returns:
        Values of the C classes by name; NaN where there is none.
    """
    # on the host: sums by class of a GPU are refused where algorithms have to
    # be deterministic (randomness.deterministic)
    found = {key: value.cpu() for key, value in found.items()}
    values = {}
    if (SOURCE, LABELS) in found:
        labels = found[SOURCE, LABELS]
        values['label.share'] = class_shares(labels, num_classes)
    if (TARGET, LABELS) in found:
        labels = found[TARGET, LABELS]
        if (TARGET, CONFIDENCE) in found:
            confidence = found[TARGET, CONFIDENCE]
            labels = labels.masked_fill(confidence.isnan(), -1)  # padding
            values['pseudo.confidence'] = class_means(
                confidence, labels, num_classes
            )
        values['pseudo.share'] = class_shares(labels, num_classes)
    return {name: value.tolist() for name, value in values.items()}


def distribution_values(statistics: LogitStatistics) -> dict[str, list[float]]:
    """What the mixtures say of each class's own logit.

    Args:
        statistics: Of a loss.

    Returns:
        Values of the C classes by name; NaN where nothing has been fitted.
    """
    values = {
        'logit.source': positive_means(statistics.source),
        'logit.target': positive_means(statistics.target),
        'offset.source': positive_offsets(statistics),
        'offset.target': positive_offsets(statistics, of_target=True),
    }
    return {name: value.tolist() for name, value in values.items()}


def named_scalars(
    values: Mapping[str, Sequence[float]], classes: Sequence[str]
) -> dict[str, float]:
    """Scalars by name and class, without those that are no number.

    Args:
        values: Of the C classes by name.
        classes: Names of the C classes.

    Returns:
        By 'name/class': the part before the slash is a group in TensorBoard
        and Weights & Biases.
    """
    return {
        f'{name}/{kind}': value
        for name, of_classes in values.items()
        for kind, value in zip(classes, of_classes, strict=False)
        if math.isfinite(value)
    }
