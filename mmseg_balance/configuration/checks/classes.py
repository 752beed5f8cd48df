"""The number of classes, and the label of ignored pixels, in every place."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import DATASETS, MODELS

from ...errors import UserValueError
from ...files.config_walk import class_of, dicts_in, keyed_dicts
from .sizes import preprocessor_of

IGNORE = 255
LOADERS = ('train_dataloader', 'val_dataloader')
EVALUATORS = ('val_evaluator',)


def check_class_numbers(cfg: Config) -> None:
    """Compare the numbers of classes of heads, losses and data sets.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: A head has one class, differs from the decode head, or
            has a loss with another number; names the keys.
    """
    heads = dict(_heads(cfg.model))
    main = {key: head for key, head in heads.items() if 'auxiliary' not in key}
    numbers = {
        key: head['num_classes']
        for key, head in main.items()
        if isinstance(head.get('num_classes'), int)
    }
    for key, head in heads.items():
        found = head.get('num_classes')
        if found == 1 and not _is_sigmoid(head):
            raise UserValueError(
                f'{key}.num_classes is 1: a softmax over one class is always '
                'right and its loss 0. Background is a class of its own: set '
                "num_classes=2 and metainfo.classes=('background', 'NAME')"
            )
        for name, number in numbers.items():
            if isinstance(found, int) and found != number:
                raise UserValueError(
                    f'{key}.num_classes is {found}, but {name}.num_classes '
                    f'is {number}, and both learn from one label map: set '
                    'both to the number of classes'
                )
        _check_losses(key, head)


def check_ignore_index(cfg: Config) -> None:
    """Refuse more than one label for ignored pixels.

    Args:
        cfg: Config of a training run: its heads, losses, data sets, padding
            and metrics are looked at, with their defaults.

    Raises:
        ValueError: They differ; names keys and values.
    """
    places = dict(_ignore_places(cfg))
    values = set(places.values())
    if len(values) <= 1:
        return
    by_value = {
        value: [key for key, v in places.items() if v == value]
        for value in sorted(values)
    }
    shown = '; '.join(
        f'{value} in {", ".join(keys[:4])}{", ..." if keys[4:] else ""}'
        for value, keys in by_value.items()
    )
    raise UserValueError(
        f'ignored pixels have several labels: {shown}. Set all of them to '
        'one value'
    )


def _heads(model: Any, key: str = 'model') -> Iterator[tuple[str, dict]]:
    """Heads that learn from the label map as it is, with their keys."""
    for name, part in keyed_dicts(model, key):
        last = name.rpartition('.')[2].partition('[')[0]
        if last in ('decode_head', 'auxiliary_head') and _is_plain(part):
            yield name, part


def _is_plain(head: dict) -> bool:
    """Whether a head has the losses of mmseg's base class."""
    kind = class_of(head, MODELS)
    return (
        isinstance(kind, type)
        and issubclass(kind, BaseDecodeHead)
        and kind.loss_by_feat is BaseDecodeHead.loss_by_feat
    )


def _losses(head: dict) -> list[dict]:
    losses = head.get('loss_decode') or []
    losses = [losses] if isinstance(losses, dict) else losses
    return [part for loss in losses for part in dicts_in(loss)]


def _is_sigmoid(head: dict) -> bool:
    losses = _losses(head)
    return bool(losses) and all(part.get('use_sigmoid') for part in losses)


def _check_losses(key: str, head: dict) -> None:
    number = head.get('num_classes')
    for loss in _losses(head):
        own = loss.get('num_classes', number)
        weights = loss.get('class_weight')
        if isinstance(own, int) and isinstance(number, int) and own != number:
            raise UserValueError(
                f'{key}.loss_decode.num_classes is {own}, but '
                f'{key}.num_classes is {number}: set both to the number of '
                'classes'
            )
        if (
            isinstance(weights, (list, tuple))
            and isinstance(number, int)
            and len(weights) != max(number, head.get('out_channels') or 0)
        ):
            raise UserValueError(
                f'{key}.loss_decode.class_weight has {len(weights)} values, '
                f'but {key}.num_classes is {number}: give one for each class'
            )


def _ignore_places(cfg: Config) -> Iterator[tuple[str, int]]:
    heads = list(_heads(cfg.model))
    if not heads:  # depth estimation, for one, pads with 0
        return
    for key, head in heads:
        yield f'{key}.ignore_index', head.get('ignore_index', IGNORE)
        for i, loss in enumerate(_losses(head)):
            if 'ignore_index' in loss:
                name = f'{key}.loss_decode[{i}].ignore_index'
                yield name, loss['ignore_index']
    preprocessor = preprocessor_of(cfg)
    if preprocessor:
        value = preprocessor.get('seg_pad_val', IGNORE)
        yield 'data_preprocessor.seg_pad_val', value
    for loader in LOADERS:
        config = (cfg.get(loader) or {}).get('dataset')
        yield from _of_data(config, f'{loader}.dataset')
    for name in EVALUATORS:
        for key, part in keyed_dicts(cfg.get(name), name):
            if 'type' in part and 'Metric' in str(part['type']):
                yield f'{key}.ignore_index', part.get('ignore_index', IGNORE)


def _of_data(config: Any, key: str) -> Iterator[tuple[str, int]]:
    for name, part in keyed_dicts(config, key):
        if 'pipeline' not in part or _loads_no_labels(part['pipeline']):
            continue
        kind = class_of(part, DATASETS)
        default = getattr(kind, 'METAINFO', {}).get('ignore_index', IGNORE)
        yield f'{name}.ignore_index', part.get('ignore_index', default)
        for i, step in enumerate(part['pipeline']):
            for setting in ('ignore_index', 'seg_pad_val'):
                value = step.get(setting) if isinstance(step, dict) else None
                if isinstance(value, int):
                    yield f'{name}.pipeline[{i}].{setting}', value


def _loads_no_labels(pipeline: Any) -> bool:
    return not any(
        'Annotation' in str(step.get('type'))
        for step in pipeline or ()
        if isinstance(step, dict)
    )
