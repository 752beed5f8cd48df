"""What scores are of: written beside them, and asked when they are read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...errors import UserFileNotFoundError
from ...files.config_walk import dicts_in
from ...files.hashing import hash_file
from ...files.writing import write_atomically
from ...logits.statistics.file import load_statistics
from .code import own_code
from .confusion import write_confusion
from .provenance import describe_data

ORIGIN_KEY = 'origin'
SETTINGS = ('model', 'test_dataloader', 'test_evaluator')


class OriginHook(Hook):
    """Says in the scores of an evaluation what they are of.

    The confusion matrix is written beside them where the metric has one.

    Args:
        checkpoint: File or address of the weights.
        meta: Meta data of the checkpoint.
        cfg: Config that they are tested with.
    """

    def __init__(
        self, checkpoint: str, meta: Mapping[str, Any], cfg: Config
    ) -> None:
        self.origin = checkpoint, meta, cfg

    @master_only
    def after_test(self, runner: Runner) -> None:
        """Behind the logger, which has written the scores."""
        scores = Path(runner.log_dir) / f'{runner.timestamp}.json'
        dataset = runner.test_loop.dataloader.dataset
        add_origin(scores, *self.origin, data=describe_data(dataset))
        for metric in runner.test_loop.evaluator.metrics:
            counts = getattr(metric, 'confusion', None)
            if counts is not None and scores.is_file():
                write_confusion(scores, counts, metric.dataset_meta['classes'])


def add_origin(
    scores: Path,
    checkpoint: str,
    meta: Mapping[str, Any],
    cfg: Config,
    data: Mapping[str, str] | None = None,
) -> None:
    """Write into a file of scores what they are of.

    Args:
        scores: JSON file of an evaluation; gains the key ``ORIGIN_KEY``.
            Where there is none, as without the logger hook, nothing is done.
        checkpoint: File or address of the weights.
        meta: Meta data of the checkpoint.
        cfg: Config that they were tested with.
        data: The test set, see ``describe_data``.
    """
    if not scores.is_file():
        return
    place = checkpoint
    if '://' not in checkpoint:
        place = str(Path(checkpoint).resolve())
    origin = dict(
        checkpoint=place,
        checkpoint_hash=hash_file(checkpoint),
        iter=meta.get('iter'),
        seed=meta.get('seed'),
        data=dict(data or {}),
        settings={key: cfg[key] for key in SETTINGS if cfg.get(key)}
        | fitted_with(cfg),
        **own_code(),
    )
    content = json.loads(scores.read_text()) | {ORIGIN_KEY: origin}
    text = json.dumps(content, indent=1, default=str)
    write_atomically(scores, f'{text}\n'.encode())


def fitted_with(cfg: Config) -> dict[str, Any]:
    """How the statistics of post-hoc balancing were fitted.

    Args:
        cfg: Config of an evaluation.

    Returns:
        Under 'statistics' the settings of ``logits fit`` but the weights,
        which each seed has of its own; empty where nothing is balanced, or
        the statistics are those of a training.
    """
    for part in dicts_in(cfg.get('model') or {}):
        path = part.get('statistics')
        if isinstance(path, str) and Path(path).is_file():
            settings = load_statistics(path)[1].get('settings') or {}
            own = ('model', 'checkpoint')
            kept = {k: v for k, v in settings.items() if k not in own}
            return dict(statistics=kept) if kept else {}
    return {}


def read_scores(folder: Path, checkpoint: str | Path) -> dict[str, Any]:
    """Scores of the latest evaluation of a checkpoint.

    Args:
        folder: Work folder of mmseg-balance test.
        checkpoint: File that they must be of.

    Returns:
        The scores, with their origin.

    Raises:
        FileNotFoundError: There are none, or none of this checkpoint; says
            what those that are there are of.
    """
    files = [p for p in folder.glob('*/*.json') if p.stem == p.parent.name]
    files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    if not files:
        raise UserFileNotFoundError(
            f'no scores in {folder}: make them with mmseg-balance test CONFIG '
            f'{checkpoint} --work-dir {folder}'
        )
    wanted = hash_file(str(checkpoint))
    for file in files:
        scores = json.loads(file.read_text())
        origin = scores.get(ORIGIN_KEY) or {}
        if origin.get('checkpoint_hash') == wanted:
            return scores
    found = json.loads(files[0].read_text()).get(ORIGIN_KEY) or {}
    raise UserFileNotFoundError(
        f'{files[0]} has scores of {_named(found)}, expected those of '
        f'{checkpoint}: make them with mmseg-balance test CONFIG {checkpoint} '
        f'--work-dir {folder}'
    )


def _named(origin: Mapping[str, Any]) -> str:
    if not origin:
        return 'a checkpoint that they do not name'
    return (
        f'{origin["checkpoint"]} (iteration {origin["iter"]}, seed '
        f'{origin["seed"]})'
    )
