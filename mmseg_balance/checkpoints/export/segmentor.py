"""A trained segmentor without what it was trained with."""

from io import BytesIO
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS
from torch import Tensor

from ...configuration.checks.post_hoc import refuse_post_hoc
from ...configuration.checks.predictions import check_predicts_labels
from ...configuration.model_config import model_config
from ...errors import UserFileExistsError, UserValueError
from ...files.writing import write_atomically
from ..weights import read_checkpoint
from .adapters import merge_adapters
from .config import export_config

PARTS = ('student', 'teacher')


def export_segmentor(
    cfg: Config,
    checkpoint: str,
    out: str | Path,
    part: str | None = None,
    force: bool = False,
) -> tuple[Path, Path]:
    """Write a plain segmentor: a config and its weights.

    ``mmseg.apis.init_model(out / 'config.py', out / 'weights.pth')`` gives
    the predictions that the trained model gives; with MMSegmentation alone
    where all of the segmentor's modules are its own. Adapters of a backbone
    are merged into its weights.

    Args:
        cfg: Config of the training run, of a UDA model or of a segmentor.
        checkpoint: Checkpoint of that run.
        out: Folder to write config.py and weights.pth to.
        part: 'student' or 'teacher' of a UDA model; by default what its
            ``predict_with`` says. None for a segmentor.
        force: Replace the two files where they exist.

    Returns:
        Paths of the config and of the weights.

    Raises:
        FileExistsError: A file exists and ``force`` is off.
        ValueError: The model is a PostHocSegmentor, ``part`` does not suit
            it, the checkpoint lacks that part, or its weights do not fit the
            config.
    """
    files = Path(out) / 'config.py', Path(out) / 'weights.pth'
    for file in files:
        if file.exists() and not force:
            raise UserFileExistsError(
                f'{file} exists: give another folder, or --force to replace it'
            )
    refuse_post_hoc(cfg, 'of which a plain segmentor has no balancing')
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    segmentor, part = choose_part(cfg, part)
    weights, meta = read_checkpoint(checkpoint)
    weights = part_of(weights, part, checkpoint)
    segmentor, weights = merge_adapters(segmentor, weights)
    if not any(key.startswith('auxiliary_head.') for key in weights):
        # a teacher has none, and nothing but training asks for it
        segmentor = {
            k: v for k, v in segmentor.items() if k != 'auxiliary_head'
        }
    exported = export_config(cfg, segmentor)
    check_loads(exported, weights, checkpoint)

    meta = dict(dataset_meta=dataset_meta(cfg, meta), exported_part=part)
    buffer = BytesIO()
    torch.save(dict(meta=meta, state_dict=weights), buffer)
    write_atomically(files[0], exported.pretty_text.encode())
    write_atomically(files[1], buffer.getbuffer())
    return files


def choose_part(cfg: Config, part: str | None) -> tuple[dict, str | None]:
    """Config of the segmentor to export, and which of the two it is.

    Args:
        cfg: Config of the training run.
        part: 'student', 'teacher' or None.

    Returns:
        Config of the segmentor; 'student', 'teacher', or None for a model
        that is a plain segmentor.

    Raises:
        ValueError: ``part`` is given for a plain segmentor, or is neither of
            the two; or the model is no segmentor at all.
    """
    check_predicts_labels(cfg)
    model = model_config(cfg)
    if 'segmentor' not in model:
        if part is not None:
            raise UserValueError(
                f'--part {part} needs a model with a student and a teacher, '
                f'but model.type is {cfg.model.type!r}: drop --part'
            )
        return model, None
    part = part or model.get('predict_with', 'student')
    if part not in PARTS:
        raise UserValueError(
            f'Expected part to be one of {PARTS}, got {part!r}'
        )
    if model.get('data_preprocessor') is not None:
        model.segmentor.setdefault(
            'data_preprocessor', model.data_preprocessor
        )
    return model.segmentor, part


def part_of(
    weights: dict[str, Tensor], part: str | None, checkpoint: str
) -> dict[str, Tensor]:
    """Weights of one segmentor, without the state of its losses.

    Args:
        weights: State dict of a checkpoint.
        part: 'student', 'teacher', or None for a plain segmentor.
        checkpoint: Name of the checkpoint, for the error.

    Returns:
        Its state dict, as the segmentor alone names the keys.

    Raises:
        ValueError: The checkpoint has nothing of this part.
    """
    prefix = f'{part}.' if part else ''
    chosen = {
        key.removeprefix(prefix): value.clone()
        for key, value in weights.items()
        if key.startswith(prefix) and '.loss_decode.' not in key
    }
    if not chosen:
        raise UserValueError(
            f'{checkpoint} has no weights of a {part}, only such as '
            f'{next(iter(weights), None)!r}: choose the other --part, or the '
            'config that the checkpoint was trained with'
        )
    return chosen


def check_loads(
    cfg: Config, weights: dict[str, Tensor], checkpoint: str
) -> None:
    """Build the exported model and load its weights, each and all.

    Args:
        cfg: Exported config.
        weights: Exported weights.
        checkpoint: Name of the checkpoint, for the error.

    Raises:
        ValueError: A weight is missing, left over, or of another shape.
    """
    model = MODELS.build(cfg.model.copy())
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise UserValueError(
            f'{checkpoint} does not fit the config: {error}'
        ) from error


def dataset_meta(cfg: Config, meta: dict) -> dict[str, list]:
    """Names and colours of the classes.

    Args:
        cfg: Config of the training run.
        meta: Meta data of its checkpoint.

    Returns:
        Dict with 'classes' and, where known, 'palette'.

    Raises:
        ValueError: Neither the checkpoint nor the test data set names the
            classes.
    """
    known = meta.get('dataset_meta') or {}
    if not known.get('classes'):
        data = cfg.get('test_dataloader', {}).get('dataset', {})
        kind = DATASETS.get(data.type) if 'type' in data else None
        known = dict(getattr(kind, 'METAINFO', {}), **data.get('metainfo', {}))
    if not known.get('classes'):
        raise UserValueError(
            "neither meta['dataset_meta'] of the checkpoint nor "
            'test_dataloader.dataset names the classes: add metainfo=dict('
            'classes=[...], palette=[...]) to test_dataloader.dataset'
        )
    return {
        key: [
            v if isinstance(v, str) else [int(c) for c in v]
            for v in known[key]
        ]
        for key in ('classes', 'palette')
        if known.get(key)
    }
