"""What a training left in its work folder: settings, curves, validations."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...checkpoints.weights import read_checkpoint
from ...errors import UserError
from ..work_dir import latest_checkpoint
from .config_texts import (
    config_name,
    config_of_log,
    counts_epochs,
    length_of,
    seed_of_log,
    seed_of_settings,
)
from .data_meta import data_meta
from .evaluated_as import part_of
from .result import VALIDATION, Curves, Result, has_scores, numbers_of

SCALARS = 'vis_data/scalars.json'
POINTS = 200
# not of the training, or of its clock
NO_CURVE = ('step', 'iter', 'epoch', 'time', 'data_time', 'memory')


@dataclass(frozen=True)
class Training:
    """A training, as its folder tells of it.

    Args:
        folder: Its work folder.
    """

    folder: Path

    @cached_property
    def logs(self) -> list[Path]:
        """Folders of the run and of those that it went on from.

        Earlier runs of the folder, which it did not go on with, are others.
        """
        found = sorted(
            path.parents[1] for path in self.folder.glob(f'*/{SCALARS}')
        )
        own: list[Path] = []
        for log_dir in reversed(found):
            own.insert(0, log_dir)
            if not (config_of_log(log_dir) or {}).get('resume'):
                break
        return own

    @cached_property
    def settings(self) -> Config | None:
        """The config of the latest run."""
        return config_of_log(self.logs[-1]) if self.logs else None

    @cached_property
    def checkpoint(self) -> Path | None:
        """The latest checkpoint; none of another folder."""
        found = latest_checkpoint(self.folder)
        own = found is not None and found.parent.name == self.folder.name
        return found if own else None

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Meta data of the latest checkpoint; empty where there is none."""
        return read_meta(self.checkpoint)

    @cached_property
    def seed(self) -> int | None:
        """The seed of the latest run."""
        seed = seed_of_settings(self.settings)
        if seed is None and self.logs:
            seed = seed_of_log(self.logs[-1])
        return self.meta.get('seed') if seed is None else seed

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """Scalars of the run, in the order of their steps."""
        found = [line for log in self.logs for line in read_lines(log)]
        if _logs_epochs(self.settings):
            found = _with_iterations(found)
        return sorted(found, key=lambda line: line['step'])

    @property
    def last_step(self) -> int | None:
        """The last iteration that anything is known of."""
        steps = [line['step'] for line in self.lines]
        return max(steps) if steps else None

    def curves(self, classes: Sequence[str]) -> Curves:
        """The scalars over the training.

        Args:
            classes: Names of the classes, whose own scalars are left out.

        Returns:
            Pairs of iteration and value for the name of each, at most
            ``POINTS``; of an iteration that was repeated the later one.
        """
        found: dict[str, dict[int, float]] = {}
        endings = tuple(f'.{name}' for name in classes)
        for line in self.lines:
            for key, value in line.items():
                if key in NO_CURVE or key.endswith(endings or ('\n',)):
                    continue
                if isinstance(value, (int, float)):
                    found.setdefault(key, {})[line['step']] = float(value)
        return {
            key: _thinned(sorted(points.items()))
            for key, points in found.items()
        }

    def last_validation(self) -> Result | None:
        """Scores of the last validation; None where there was none."""
        scored = [(s, line) for line in self.lines if (s := _scores(line))]
        if not scored:
            return None
        scores, line = scored[-1]
        file = self.logs[-1] / SCALARS
        cfg = self.settings
        evaluated = None
        if cfg is not None:
            keys = ('dataloader', 'evaluator')
            evaluated = Config(
                dict(model=cfg.get('model'))
                | {f'test_{key}': cfg.get(f'val_{key}') for key in keys}
            )
        classes, palette = data_meta(self.meta, evaluated, scores)
        return Result(
            file,
            config_name(self.folder),
            scores,
            self.seed,
            VALIDATION,
            part_of(evaluated),
            settings=cfg,
            evaluated=evaluated,
            iteration=line['step'],
            length=length_of(cfg),
            checkpoint=self._checkpoint_at(line['step']),
            classes=classes,
            palette=palette,
            training=self.folder,
            curves=self.curves(classes),
        )

    def _checkpoint_at(self, step: int) -> Path | None:
        name = 'epoch' if counts_epochs(self.settings) else 'iter'
        file = self.folder / f'{name}_{step}.pth'
        return file if file.is_file() else None


def read_meta(checkpoint: Path | None) -> dict[str, Any]:
    """Meta data of a checkpoint; empty where it cannot be read."""
    if checkpoint is None:
        return {}
    try:
        return read_checkpoint(str(checkpoint))[1]
    except (UserError, OSError, ValueError):
        return {}


def read_lines(log_dir: Path) -> Iterator[dict[str, Any]]:
    """Lines of the scalars of a run.

    Args:
        log_dir: ``<work_dir>/<timestamp>``.

    Yields:
        Each line with a step; one that was cut short when the run was killed
        is left out.
    """
    with (log_dir / SCALARS).open(errors='replace') as file:
        for text in file:
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict) and isinstance(line.get('step'), int):
                yield line


def _logs_epochs(cfg: Config | None) -> bool:
    """Whether validations have the epoch as step, trainings the iteration.

    mmengine's logger does so unless it is told not to, which mmseg's configs
    do; of a run that is as long as its epochs that is right.
    """
    hooks = (cfg or {}).get('default_hooks') or {}
    logger = hooks.get('logger') or {}
    by_epoch = logger.get('log_metric_by_epoch', True)
    return bool(cfg) and not counts_epochs(cfg) and by_epoch


def _with_iterations(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Validations at the iteration of the line of training before them."""
    found, step = [], 0
    for line in lines:
        if _scores(line):
            line = line | dict(step=step or line['step'])
        step = line['step']
        found.append(line)
    return found


def _scores(line: dict[str, Any]) -> dict[str, float]:
    """Scores of a line that is of a validation."""
    scores = numbers_of(line)
    return scores if has_scores(scores) else {}


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Evenly spaced points, with the last one."""
    stride = -(-len(points) // POINTS)
    kept = points[::stride]
    return kept if kept[-1:] == points[-1:] else [*kept, points[-1]]
