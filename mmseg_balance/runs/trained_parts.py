"""Trained networks that a model has within, named by config and checkpoint."""

import copy

from mmengine.config import Config, ConfigDict

from ..checkpoints.export.config import (
    replace_foreign_losses,
    strip_initial_weights,
)
from ..checkpoints.export.segmentor import choose_part
from ..configuration.checks.post_hoc import refuse_post_hoc
from ..configuration.reading import load_config
from ..errors import UserValueError, with_message
from ..files.config_walk import keyed_dicts
from ..models.declarations import declared

KEYS = ('config', 'checkpoint')


def resolve_trained_parts(cfg: Config) -> None:
    """Put segmentors in the places of a config and a checkpoint.

    What a class names in ``trained_parts`` may be ``dict(config=...,
    checkpoint=...)``, with ``part='teacher'`` of a UDA model if need be. It
    becomes the config of the segmentor, whose ``init_cfg`` names the weights,
    so that what the run keeps of its config says all.

    Args:
        cfg: Config of a training run, changed in place.

    Raises:
        FileNotFoundError: There is no such config.
        ValueError: A key is missing or one too many, or ``part`` does not
            suit the model; names the key.
    """
    for key, part in list(keyed_dicts(cfg.model, 'model')):
        for name in declared(part, 'trained_parts') or ():
            given = part.get(name)
            if isinstance(given, dict) and 'type' not in given:
                part[name] = trained_segmentor(f'{key}.{name}', given)


def trained_segmentor(key: str, given: dict) -> ConfigDict:
    """Config of a segmentor with its weights.

    Args:
        key: Where it stands, for the errors.
        given: ``config``, ``checkpoint`` and, of a UDA model, ``part``.

    Returns:
        Without other initial weights, and without losses of this package.

    Raises:
        FileNotFoundError, ValueError: See :func:`resolve_trained_parts`.
    """
    expected = "dict(config='CONFIG', checkpoint='CHECKPOINT')"
    lacking = [name for name in KEYS if not given.get(name)]
    unknown = sorted(given.keys() - {*KEYS, 'part'})
    if lacking or unknown:
        raise UserValueError(
            f'{key} is {dict(given)}, expected {expected}, of one training'
            + (", and part='teacher' if need be" if unknown else '')
        )
    try:
        segmentor, part = _chosen(given)
    except (OSError, ValueError) as error:
        raise with_message(error, f'{key}: {error}') from error
    segmentor = ConfigDict(copy.deepcopy(dict(segmentor)))
    strip_initial_weights(segmentor)
    replace_foreign_losses(segmentor)
    segmentor.pop('auxiliary_head', None)
    segmentor.init_cfg = dict(
        type='Pretrained', checkpoint=str(given['checkpoint'])
    )
    if part is not None:
        segmentor.init_cfg.prefix = f'{part}.'
    return segmentor


def _chosen(given: dict) -> tuple[dict, str | None]:
    """Config of the segmentor that is meant, and its part of a UDA model."""
    config = load_config(given['config'], relocate=False)
    if not config.get('model'):
        raise UserValueError(f'{given["config"]} has no model')
    refuse_post_hoc(config)
    return choose_part(config, given.get('part'))
