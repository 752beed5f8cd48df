"""Names and colours of the classes that a run was scored on."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmseg.registry import DATASETS

from ...datasets.loading.leaves import leaf_configs
from ...evaluation.comparison.runs import CLASS_SCORES
from ...files.config_walk import class_of


def data_meta(
    meta: Mapping[str, Any],
    evaluated: Config | None,
    scores: Mapping[str, float],
) -> tuple[tuple[str, ...], Sequence]:
    """Classes and palette, from whatever knows them.

    Args:
        meta: Meta data of a checkpoint.
        evaluated: Config with ``test_dataloader``.
        scores: Scores, whose keys name classes.

    Returns:
        Names of the classes, and RGB of each; empty where nothing knows.
    """
    found: Any = meta.get('dataset_meta')
    if not (found or {}).get('classes') and evaluated is not None:
        found = _of_config(evaluated)
    found = found or {}
    classes = tuple(found.get('classes') or ())
    palette = found.get('palette') or ()
    if not classes:
        # a class that is neither labelled nor predicted has no key: of the
        # names alone no one can tell how many there are
        return (), ()
    named = {
        key.partition('.')[2]
        for key in scores
        if key.partition('.')[0] in CLASS_SCORES and '.' in key
    }
    if named - set(classes):  # the checkpoint is of other classes
        return (), ()
    return classes, palette if len(palette) == len(classes) else ()


def _of_config(evaluated: Config) -> Mapping[str, Any]:
    """Meta data of the data set that a config names."""
    loader = evaluated.get('test_dataloader') or {}
    for _, leaf in leaf_configs(loader.get('dataset'), ''):
        own = leaf.get('metainfo') or {}
        kind = class_of(leaf, DATASETS)
        base = getattr(kind, 'METAINFO', None) or {}
        return {**base, **own}
    return {}
