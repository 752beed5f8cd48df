"""Checkpoints of the DAFormer, HRDA, MIC, BLDA and EDAPS repositories."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config
from mmseg.datasets import CityscapesDataset
from torch import Tensor

from ...configuration.checks.post_hoc import refuse_post_hoc
from ...errors import UserValueError
from ...models.backbones.mit_keys import is_original_mit
from ..export.segmentor import dataset_meta
from .architecture import (
    ANOTHER,
    check_complete,
    describe,
    describe_backbone,
    expected_state,
    infer_backbone,
    infer_segmentor,
)
from .checkpoint_layout import read_public, refuse_new
from .keys import (
    PARTS,
    mit_keys,
    segmentor_keys,
    split_parts,
    without_training,
)


@dataclass
class Converted:
    """A converted checkpoint, and what became of its keys.

    Attributes:
        weights: State dict to save.
        meta: Meta data to save.
        network: The network in words.
        segmentor: Config of the segmentor that was found from the weights;
            None where a config was given, and for a backbone.
        found: Numbers of keys converted, as the original counts them, by
            'student', 'teacher' or 'backbone'.
        dropped: Numbers of keys left out, by the reason.
        original_meta: Meta data of the original.
        original_parts: First words of its keys: 'model', 'ema_model', ...
    """

    weights: dict[str, Tensor]
    meta: dict
    network: str
    segmentor: dict | None
    found: dict[str, int]
    dropped: Counter[str]
    original_meta: dict = field(default_factory=dict)
    original_parts: set[str] = field(default_factory=set)


def convert_checkpoint(
    source: str | Path, part: str | None = None, cfg: Config | None = None
) -> Converted:
    """Turn a checkpoint of a public repository into one of this package.

    The student becomes ``student.*`` and the teacher ``teacher.*``, as in
    any ``UDASegmentor``; a plain segmentor becomes ``student.*``; the
    ImageNet weights of a MiT keep their keys without a prefix. Every key is
    converted, or dropped for a reason, and every weight of the network must
    be there.

    Args:
        source: File of https://github.com/lhoyer/DAFormer, HRDA or MIC, of
            https://github.com/Woof6/BLDA or https://github.com/susaha/edaps,
            or an ImageNet file of a MiT.
        part: 'student' or 'teacher' alone. Default: both, where it has both.
        cfg: Config with the segmentor, of a UDA model. Default: the network
            is found from the weights.

    Returns:
        What to save.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read, is of this package already, has keys
            that are unknown, lacks some, or is of another network; names the
            file and the first keys.
    """
    weights, meta = read_public(source)
    try:
        refuse_new(weights, meta)
        if is_original_mit(weights):
            converted = _convert_backbone(weights, part, cfg)
        else:
            converted = _convert_segmentors(weights, meta, part, cfg)
    except ValueError as error:
        raise UserValueError(f'{source}: {error}') from error
    converted.meta['converted_from'] = Path(source).name
    converted.original_meta = meta
    converted.original_parts = {key.split('.')[0] for key in weights}
    return converted


def _convert_backbone(
    weights: dict[str, Tensor], part: str | None, cfg: Config | None
) -> Converted:
    if part is not None or cfg is not None:
        option = '--config' if part is None else f'--part {part}'
        raise UserValueError(
            f'is an ImageNet file of a MiT, without student, teacher and '
            f'head: drop {option}'
        )
    total = len(weights)
    weights, dropped = mit_keys(weights)
    backbone, _ = _infer(infer_backbone, weights)
    check_complete(weights, expected_state(backbone), 'backbone')
    return Converted(
        weights=_copied(weights),
        meta={},
        network=f'{describe_backbone(backbone)} alone',
        segmentor=None,
        found=dict(backbone=total - dropped.total()),
        dropped=dropped,
    )


def _convert_segmentors(
    weights: dict[str, Tensor],
    meta: dict,
    part: str | None,
    cfg: Config | None,
) -> Converted:
    parts, dropped = split_parts(weights)
    _choose(parts, part, dropped)
    states, found = {}, {}
    for name, state in parts.items():
        states[name], unused = segmentor_keys(state)
        found[name] = len(state) - unused.total()
        dropped += unused

    segmentor = None
    if cfg is None:
        segmentor = _infer(infer_segmentor, next(iter(states.values())))
        network = describe(segmentor)
    else:
        network = f'the segmentor of {cfg.filename}'
    model = segmentor or _segmentor_of(cfg)
    wanted = without_training(expected_state(model))[0]
    for name, state in states.items():
        check_complete(state, wanted, name)
    classes = model['decode_head']['num_classes']
    return Converted(
        weights=_copied(
            {
                f'{name}.{key}': value
                for name, state in states.items()
                for key, value in state.items()
            }
        ),
        meta=dict(dataset_meta=_dataset_meta(meta, classes, cfg)),
        network=network,
        segmentor=segmentor,
        found=found,
        dropped=dropped,
    )


def _choose(
    parts: dict[str, dict], part: str | None, dropped: Counter[str]
) -> None:
    """Leave the part that was asked for, and count the other as dropped."""
    if not parts:
        raise UserValueError(
            'has neither a student nor a teacher: no key starts with '
            f'{" or ".join(map(repr, PARTS.values()))}'
        )
    if part is None:
        return
    if part not in parts:
        raise UserValueError(
            f'has no {part} (keys {PARTS[part]}*), but a '
            f'{" and a ".join(parts)}: drop --part {part}'
        )
    for other in set(parts) - {part}:
        dropped[f'the {other}, which --part {part} leaves out'] += len(
            parts.pop(other)
        )


def _infer(function: Callable, weights: dict[str, Tensor]):
    try:
        return function(weights)
    except ValueError as error:
        raise UserValueError(
            f'is of a network that is not known here: {error}; {ANOTHER}'
        ) from error


def _segmentor_of(cfg: Config) -> dict:
    refuse_post_hoc(cfg, 'of which only the segmentor has weights')
    if 'segmentor' not in cfg.model:
        raise UserValueError(
            f'{cfg.filename} has no model.segmentor: --config needs a config '
            'of a UDA model, of SourceOnly for example, as the result has a '
            'student'
        )
    return cfg.model.segmentor


def _dataset_meta(meta: dict, classes: int, cfg: Config | None) -> dict:
    """Names and colours of the classes, Cityscapes' where none are given."""
    names, palette = meta.get('CLASSES'), meta.get('PALETTE')
    cityscapes = CityscapesDataset.METAINFO
    if names:  # tools that know none write an empty tuple
        known = dict(classes=names, palette=None)
        if palette is not None and len(palette) == len(names):
            known['palette'] = list(palette)
    elif cfg is not None and 'test_dataloader' in cfg:
        known = {}
    elif classes == len(cityscapes['classes']):
        known = cityscapes
    else:
        raise UserValueError(
            f"has {classes} classes and no meta['CLASSES'] that names them: "
            'give a config whose test_dataloader.dataset does, by --config'
        )
    known = dataset_meta(cfg or Config(), dict(dataset_meta=known))
    if len(known['classes']) != classes:
        raise UserValueError(
            f'has {classes} classes, but {len(known["classes"])} names of '
            'classes'
        )
    return known


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share no memory, so that each is saved once."""
    return {key: value.clone() for key, value in weights.items()}
