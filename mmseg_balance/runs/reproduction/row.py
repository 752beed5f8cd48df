"""What is left to do for a row, and its scores beside the published ones."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...configuration.error_lines import build_or_exit
from ...errors import UserFileNotFoundError, UserValueError
from ..records.scores import ORIGIN_KEY, read_scores
from ..work_dir import default_work_dir, is_complete, latest_checkpoint
from .best_validation import best_validation
from .commands import STATISTICS, Reproduction, config_of
from .earlier_run import compare_with, stale_statistics
from .named_row import comparison, named_row, recipe
from .stages import Planner
from .steps import Step, TrainStep


@dataclass(frozen=True)
class Prepared:
    """A run that is about to begin, or to go on.

    Attributes:
        how: The row, and how it is run.
        config: Config file that is trained.
        cfg: The config, with seed and number of ranks.
        work_dir: Folder of the run.
        notes: What differs from what is there, and may be meant.
        before: What it builds on, in the order in which it is made.
    """

    how: Reproduction
    config: str
    cfg: Config
    work_dir: Path
    notes: Sequence[str]
    before: Sequence[Step] = ()

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return self.cfg.randomness.seed


def reproduce(how: Reproduction) -> None:
    """Run what is left to do for a row, and compare its scores.

    Args:
        how: The row, and how it is to be run.

    Raises:
        OSError, RuntimeError, ValueError: A command failed, or the folder
            has another run.
        SystemExit: The config cannot be read.
    """
    run = prepare(how)
    scores, checkpoint = finish(run)
    if how.dry_run:
        return
    row = named_row(how.row)
    print(comparison(row, scores))
    print(f'seed {run.seed}, {checkpoint}')
    notes = [f'note: {note}' for note in run.notes]
    for line in (*best_validation(run.work_dir), *recipe(row), *notes):
        print(line)


def prepare(how: Reproduction) -> Prepared:
    """Read the config of a run, and see that its folder has no other.

    Args:
        how: The row, and how it is to be run.

    Returns:
        The run, nothing of which was started.

    Raises:
        OSError, ValueError: The folder has another run, or nothing is
            tested, as of a translator.
        SystemExit: The config cannot be read.
    """
    row = named_row(how.row)
    config = config_of(named_row(row.trained_as))
    folder = how.work_dir and Path(how.work_dir)
    plan = build_or_exit(
        lambda: Planner(how, how.seed).plan(config, folder, how.cfg_options),
        how.work_dir or default_work_dir(config),
    )
    last = plan.training
    if last.cfg.get('test_dataloader') is None:
        raise UserValueError(
            f'{how.row} has no test_dataloader, and reproduce trains and '
            f'tests: mmseg-balance train {how.row} trains alone; a config '
            'whose translation or first_stage names it has it trained before'
        )
    trainings = [s for s in plan.before if isinstance(s, TrainStep)]
    notes = [
        note
        for step in (*trainings, last)
        for note in check_folder(step.work_dir, step.cfg, how.allow_changed)
    ]
    how = replace(how, cfg_options=last.overrides)
    return Prepared(how, config, last.cfg, last.work_dir, notes, plan.before)


def finish(run: Prepared) -> tuple[dict[str, Any], Path]:
    """Train and test what is left of a run.

    Args:
        run: The run.

    Returns:
        Its scores, empty in a dry run; and the checkpoint that they are of.

    Raises:
        OSError, RuntimeError: A command failed, or left no scores.
        ValueError: What was tested is of another seed.
    """
    how, config, work_dir = run.how, run.config, run.work_dir
    row = named_row(how.row)
    for step in run.before:
        step.run(how)
    how.run(how.train_command(config, work_dir, run.seed), work_dir)
    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None or how.dry_run:
        checkpoint = work_dir / f'iter_{run.cfg.train_cfg.max_iters}.pth'
    if how.best:
        checkpoint = best_snapshot(work_dir, how.dry_run)
    if row.trained_as != row.name:
        fit(how, config, run.cfg, checkpoint, work_dir / STATISTICS)
    command = how.test_command(row, config, checkpoint, work_dir)
    how.run(command)
    if how.dry_run:
        return {}, checkpoint
    folder = Path(command[command.index('--work-dir') + 1])
    scores = read_scores(folder, checkpoint)
    check_seed_of(scores, run.seed, checkpoint)
    return scores, checkpoint


def check_seed_of(
    scores: Mapping[str, Any], seed: int, checkpoint: Path
) -> None:
    """Refuse to report the numbers of another seed.

    Args:
        scores: Scores with their origin.
        seed: Seed that was asked for.
        checkpoint: What they are of, for the error.

    Raises:
        ValueError: They are of another seed, or do not say of which.
    """
    found = scores[ORIGIN_KEY].get('seed')
    if found != seed:
        told = 'no seed' if found is None else f'seed {found}'
        raise UserValueError(
            f'{checkpoint} is of {told}, expected seed {seed}: its scores '
            'are not reported. Give another --work-dir for this seed'
        )


def best_snapshot(work_dir: Path, dry_run: bool = False) -> Path:
    """The snapshot that was best on the validation set.

    Args:
        work_dir: Folder of the training.
        dry_run: Whether it need not be there.

    Returns:
        The file.

    Raises:
        FileNotFoundError: None was kept.
    """
    if dry_run:
        return work_dir / 'best_*.pth'
    found = [p for p in work_dir.glob('best_*.pth') if is_complete(p)]
    if len(found) != 1:
        raise UserFileNotFoundError(
            f'--best: {work_dir} has {len(found)} files best_*.pth, expected '
            'one. Train with --cfg-options '
            'default_hooks.checkpoint.save_best=mIoU (of a classifier aAcc) '
            'default_hooks.checkpoint.rule=greater, or test the last '
            'checkpoint without --best'
        )
    return found[0]


def check_folder(
    work_dir: Path, cfg: Config, allow_changed: bool = False
) -> list[str]:
    """Refuse a folder with another run.

    Args:
        work_dir: The folder, which may be missing.
        cfg: Config of ``run_config``.
        allow_changed: Whether another run is gone on with all the same.

    Returns:
        Lines of what differs and may be meant.

    Raises:
        ValueError: Settings or data of what is there differ; names them.
    """
    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None:
        return []
    wrong, hints = compare_with(checkpoint, cfg)
    if wrong and not allow_changed:
        lines = '\n  '.join(wrong)
        raise UserValueError(
            f'{checkpoint} is of another run:\n  {lines}\nGive another '
            '--work-dir for a run of these settings, or those that it was '
            'begun with; --allow-changed goes on with it all the same'
        )
    for line in [*wrong, *hints]:
        print(f'warning: {checkpoint}: {line}', file=sys.stderr)
    return [*wrong, *hints]


def fit(
    how: Reproduction, config: str, cfg: Config, checkpoint: Path, out: Path
) -> None:
    """Fit statistics, unless those that are there are of this checkpoint.

    Args:
        how: How commands are run.
        config: Config that was trained.
        cfg: Config of ``run_config``.
        checkpoint: What the training gave.
        out: File of the statistics.

    Raises:
        RuntimeError: The command failed.
    """
    if out.exists() and not how.dry_run:
        lines = stale_statistics(out, checkpoint, cfg)
        if not lines:
            return
        print(f'{out} is fitted anew; what differs: {"; ".join(lines)}')
    how.run(how.fit_command(config, checkpoint, out))
