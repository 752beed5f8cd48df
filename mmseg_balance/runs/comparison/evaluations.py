"""Scores of tests: files that mmengine's logger writes, and what of them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...files.hashing import hash_file
from ..records.confusion import read_confusion
from ..records.scores import ORIGIN_KEY
from ..records.settings import settings_of
from ..work_dir import CHECKPOINT
from .config_texts import (
    config_name,
    config_of_log,
    counts_epochs,
    length_of,
    name_in_meta,
    seed_of_settings,
)
from .data_meta import data_meta
from .evaluated_as import part_of
from .result import Result, has_scores, numbers_of
from .trainings import Training, read_meta

# folders above one of scores in which its training may be: test/<timestamp>
LEVELS = 3


class UnusableScores(Exception):
    """A file without scores, or with those of weights that are gone."""


def is_scores(file: Path) -> bool:
    """Whether a file is where mmengine writes the scores of a test."""
    return file.suffix == '.json' and file.stem == file.parent.name


def read_evaluation(file: Path) -> Result:
    """Scores of a test, with all that is known of what they are of.

    Args:
        file: ``<timestamp>/<timestamp>.json``.

    Returns:
        The result.

    Raises:
        UnusableScores: The file has no score, or the checkpoint has been
            written anew since.
    """
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise UnusableScores(f'{file} cannot be read ({error})') from error
    scores = numbers_of(content) if isinstance(content, dict) else {}
    if not has_scores(scores):
        raise UnusableScores(f'{file} has no number for mIoU, mPQ or mAcc')
    origin = content.get(ORIGIN_KEY)
    origin = origin if isinstance(origin, dict) else {}
    log_cfg = config_of_log(file.parent)
    checkpoint = find_checkpoint(file, origin, log_cfg)
    meta = read_meta(checkpoint)
    named = Path(checkpoint or _named(origin, log_cfg) or '')
    training = _training_of(file, checkpoint, named)
    seed = _seed(origin, meta, training, log_cfg)
    if training is not None and training.seed not in (None, seed):
        training = None  # the folder has been used again since
    settings = (
        settings_of(meta)
        or (training and training.settings)
        or _without_weights(log_cfg)
    )
    evaluated = (
        Config(origin['settings']) if origin.get('settings') else log_cfg
    )
    iteration = origin.get('iter', meta.get('iter'))
    found = CHECKPOINT.fullmatch(named.name)
    if found and (iteration is None or counts_epochs(settings)):
        iteration = int(found[1])
    confusion, classes = read_confusion(file) or (None, ())
    known, palette = data_meta(meta, evaluated, scores)
    return Result(
        file,
        name_in_meta(meta)
        or config_name(training.folder if training else file.parents[1]),
        scores,
        seed,
        part=part_of(evaluated),
        settings=settings,
        evaluated=evaluated,
        data=(origin.get('data') or {}).get('data', ''),
        checkpoint=checkpoint,
        checkpoint_hash=origin.get('checkpoint_hash', ''),
        best=named.name.startswith('best_'),
        iteration=iteration,
        length=length_of(settings),
        classes=classes or known,
        palette=palette,
        confusion=confusion,
        training=training and training.folder,
        curves=training.curves(classes or known) if training else {},
    )


def find_checkpoint(
    file: Path, origin: Mapping[str, Any], log_cfg: Config | None
) -> Path | None:
    """The checkpoint that scores are of, also where its folder was moved.

    Args:
        file: The scores.
        origin: What they say of themselves; empty of other versions.
        log_cfg: Config of the test.

    Returns:
        The file; None where it is gone.

    Raises:
        UnusableScores: It holds other weights now.
    """
    named = _named(origin, log_cfg)
    if not named or '://' in named:
        return None
    name = Path(named).name
    wanted = origin.get('checkpoint_hash')
    above = [folder / name for folder in file.resolve().parents[1:][:LEVELS]]
    # a copied folder names the original, and a name alone proves nothing
    places = [*above, Path(named)] if wanted else [Path(named), *above]
    there = [place for place in places if place.is_file()]
    for place in there:
        if wanted and _hash(place, place.stat().st_mtime_ns) == wanted:
            return place
        if not wanted and place.stat().st_mtime <= file.stat().st_mtime:
            return place
    if there:
        raise UnusableScores(
            f'{file} has scores of what {there[0]} held before it was '
            'written anew (test it again)'
        )
    return None


def _without_weights(cfg: Config | None) -> Config | None:
    """The config of a test without the file that it was of."""
    if cfg is None:
        return None
    return Config({k: v for k, v in dict(cfg).items() if k != 'load_from'})


def _named(origin: Mapping[str, Any], cfg: Config | None) -> str | None:
    return origin.get('checkpoint') or (cfg or {}).get('load_from')


def _training_of(
    file: Path, checkpoint: Path | None, named: Path
) -> Training | None:
    """The training whose weights were tested, where its logs are there."""
    above = list(file.resolve().parents[1:][:LEVELS])
    # that of a copied folder is the copy, though it names the original
    places = [p for p in above if p.name == named.parent.name]
    places += [checkpoint.parent] if checkpoint else [named.parent, *above]
    for place in places:
        training = Training(place)
        if training.logs:
            return training
    return None


def _seed(
    origin: Mapping[str, Any],
    meta: Mapping[str, Any],
    training: Training | None,
    log_cfg: Config | None,
) -> int | None:
    """Seed of the training, never that of a test of other weights."""
    for seed in (origin.get('seed'), meta.get('seed')):
        if isinstance(seed, int):
            return seed
    if origin or meta:  # which would know it
        return None
    if training is not None:
        return training.seed
    return seed_of_settings(log_cfg)


@lru_cache
def _hash(path: Path, _written: int) -> str:
    return hash_file(str(path))
