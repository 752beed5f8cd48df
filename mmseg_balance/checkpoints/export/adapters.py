"""Adapters of a backbone, merged into the weights that they adapt."""

import copy
from collections.abc import Mapping
from typing import Any

from mmseg.registry import MODELS
from torch import Tensor

PREFIX = 'backbone.'


def merge_adapters(
    segmentor: Mapping[str, Any], weights: dict[str, Tensor]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A segmentor without adapters that predicts the same.

    Args:
        segmentor: Its config.
        weights: Its weights.

    Returns:
        Config and weights; those that are given where there are no adapters.

    Raises:
        ValueError: The weights have none, or half of one.
    """
    adapter = segmentor['backbone'].get('adapter')
    if adapter is None:
        return dict(segmentor), weights
    merged = copy.deepcopy(dict(segmentor))
    del merged['backbone']['adapter']
    of_backbone = {k: v for k, v in weights.items() if k.startswith(PREFIX)}
    others = {k: v for k, v in weights.items() if k not in of_backbone}
    return merged, {**others, **MODELS.build(adapter).merged(of_backbone)}
