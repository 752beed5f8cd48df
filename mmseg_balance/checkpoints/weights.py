"""Weights of a checkpoint file, and whether they are those of a model."""

from typing import Any

from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmseg_balance.files.weights import read_weights
from mmseg_balance.state_dicts import differences, shown

from ..errors import UserValueError

EXPORT = 'mmseg-balance checkpoint export'


def read_checkpoint(path: str) -> tuple[dict[str, Tensor], dict]:
    """Read the weights and the meta data of a checkpoint.

    Args:
        path: File, or an address that mmengine can load.

    Returns:
        State dict on the CPU, and meta data, which may be empty.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a checkpoint; names it.
    """
    if '://' in path:
        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    else:
        checkpoint = read_weights(path, mmap=True)
    weights = state_dict_of(checkpoint, path)
    return weights, checkpoint.get('meta') or {}


def state_dict_of(checkpoint: Any, path: str) -> dict[str, Tensor]:
    """Weights of what a checkpoint file holds.

    Args:
        checkpoint: State dict, or a dict with one as 'state_dict'.
        path: Its file, for the error.

    Returns:
        The state dict, without the prefix of DistributedDataParallel.

    Raises:
        ValueError: There is none.
    """
    weights = checkpoint
    if isinstance(checkpoint, dict):
        weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict):
        raise UserValueError(
            f'{path} holds a {type(weights).__name__}, expected '
            "a dict with 'state_dict'"
        )
    return {k.removeprefix('module.'): v for k, v in weights.items()}


def check_fits(
    model: nn.Module, weights: dict[str, Tensor], path: str
) -> None:
    """Refuse a checkpoint that leaves a part of the prediction random.

    mmengine loads whatever matches and only warns about the rest.

    Args:
        model: The model that is to be evaluated: a UDA model, of which the
            part that ``predict_with`` names counts, or a segmentor.
        weights: State dict of its checkpoint.
        path: File of that, for the error.

    Raises:
        ValueError: A weight is missing or has another shape; names the first
            three and what to do.
    """
    part = getattr(model, 'predict_with', None)
    wanted = {
        key: value
        for key, value in model.state_dict().items()
        if key.startswith(f'{part}.' if part else '') and _predicts(key)
    }
    wrong = differences(wanted, weights)
    if wrong:
        raise UserValueError(
            f'{path} does not fit the config: {shown(wrong)}; it has weights '
            f'such as {next(iter(weights), None)!r}. {_remedy(part, weights)}'
        )


def check_classes(meta: dict, dataset: Any, path: str) -> None:
    """Refuse a checkpoint whose classes are not those of the test set.

    Args:
        meta: Meta data of the checkpoint; passes where it has no classes.
        dataset: Data set with ``metainfo``.
        path: File of the checkpoint, for the error.

    Raises:
        ValueError: Names the first class that differs.
    """
    trained = (meta.get('dataset_meta') or {}).get('classes')
    trained = trained or meta.get('CLASSES')
    tested = getattr(dataset, 'metainfo', {}).get('classes')
    if not trained or not tested or list(trained) == list(tested):
        return
    pairs = list(zip(trained, tested, strict=False))
    number = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
    first = [
        repr(names[number]) if number < len(names) else 'none'
        for names in (trained, tested)
    ]
    raise UserValueError(
        f'{path} was trained on {len(trained)} classes, test_dataloader has '
        f'{len(tested)}; class {number} is {first[0]} in training and '
        f'{first[1]} in the test. Give the data set that it was trained for, '
        'or set test_dataloader.dataset.metainfo.classes to '
        f'{tuple(trained)}'
    )


def _predicts(key: str) -> bool:
    """Whether predictions depend on an entry of a state dict."""
    return not (
        '.loss_decode.' in key
        or 'auxiliary_head.' in key
        or key.endswith('num_batches_tracked')
    )


def _remedy(part: str | None, weights: dict[str, Tensor]) -> str:
    kinds = {key.split('.')[0] for key in weights}
    is_uda = bool(kinds & {'student', 'teacher'})
    if part is None and is_uda:
        return (
            'It is of a UDA model: give the config that it was trained with, '
            f'or take a plain segmentor out of it with {EXPORT}'
        )
    if part is not None and is_uda and part not in kinds:
        other = 'student' if part == 'teacher' else 'teacher'
        return f'It has no {part}: set model.predict_with={other}'
    if part is not None and 'backbone' in kinds:
        return (
            'It is of a plain segmentor, not of a UDA model: give the config '
            f'of that segmentor, config.py beside it where {EXPORT} wrote it'
        )
    return (
        'Give the config, and the --cfg-options, that the checkpoint was '
        'trained with'
    )
