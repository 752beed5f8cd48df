"""Crops against the size that batches are padded to."""

from collections.abc import Iterator

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import dicts_in, keyed_dicts, type_name

MOSTLY = 0.75


def check_sizes(cfg: Config) -> list[str]:
    """Compare ``data_preprocessor.size`` with the crops of the training.

    A larger one pads every crop, and padding is trained on as ignored.

    Args:
        cfg: Config of a training run.

    Returns:
        A line where a part of an image would be padding.

    Raises:
        ValueError: Three quarters of it or more would be; names both keys.
    """
    size = _pair(preprocessor_of(cfg).get('size'))
    if size is None:
        return []
    lines = []
    for key, crop in dict(crops_of(cfg)).items():
        padded = 1 - min(crop[0] / size[0], 1) * min(crop[1] / size[1], 1)
        text = (
            f'data_preprocessor.size is {size}, but {key} gives crops of '
            f'{crop} (height, width): {padded:.0%} of each image would be '
            f'padding; set both to one size'
        )
        if padded >= MOSTLY:
            raise UserValueError(text)
        if padded > 0:
            lines.append(text)
    return lines


def preprocessor_of(cfg: Config) -> dict:
    """Config of the data preprocessor, wherever the config has it.

    Args:
        cfg: Config with ``model``, of a segmentor or around one.

    Returns:
        The segmentor's, else that of the top level; {} where there is none.
    """
    for part in dicts_in(cfg.model):
        if isinstance(part.get('data_preprocessor'), dict):
            return part['data_preprocessor']
    return cfg.get('data_preprocessor') or {}


def crops_of(cfg: Config) -> Iterator[tuple[str, tuple[int, int]]]:
    """Crops of the training data, height and width.

    Args:
        cfg: Config with ``train_dataloader``.

    Yields:
        Key of the last crop of each pipeline, and its size.
    """
    dataset = cfg.train_dataloader.get('dataset')
    for key, part in keyed_dicts(dataset, 'train_dataloader.dataset'):
        pipeline = part.get('pipeline')
        if not isinstance(pipeline, (list, tuple)):
            continue
        crops = [
            _pair(step.get('crop_size'))
            for step in pipeline
            if type_name(step) == 'RandomCrop'
        ]
        if crops and crops[-1] is not None and not _resized_later(pipeline):
            yield f'{key}.pipeline', crops[-1]


def _resized_later(pipeline: list) -> bool:
    """Whether images change their size behind the crop."""
    kinds = [type_name(part) for part in pipeline]
    behind = kinds[::-1][: kinds[::-1].index('RandomCrop')]
    return any(
        k in ('Pad', 'ResizeToMultiple') or 'Resize' in k for k in behind
    )


def _pair(size: object) -> tuple[int, int] | None:
    if isinstance(size, int):
        return size, size
    if isinstance(size, (list, tuple)) and len(size) == 2:
        return int(size[0]), int(size[1])
    return None
