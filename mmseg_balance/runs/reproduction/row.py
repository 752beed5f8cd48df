"""What is left to do for a row, and its scores beside the published ones."""

import sys
from pathlib import Path

from mmengine.config import Config

from ...configuration.error_lines import build_or_exit
from ...errors import UserFileNotFoundError, UserValueError
from ...evaluation.published_results import PublishedRow, find_row, shown
from ...evaluation.recipes import describe_recipe
from ..records.scores import read_scores
from ..work_dir import default_work_dir, is_complete, latest_checkpoint
from .commands import STATISTICS, Reproduction, config_of
from .earlier_run import (
    compare_with,
    find_work_dir,
    run_config,
    stale_statistics,
)


def reproduce(how: Reproduction) -> None:
    """Run what is left to do for a row, and compare its scores.

    Args:
        how: The row, and how it is to be run.

    Raises:
        OSError, RuntimeError, ValueError: A command failed, or the folder
            has another run.
        SystemExit: The config cannot be read.
    """
    row = find_row(how.row)
    config = config_of(find_row(row.trained_as))
    cfg = build_or_exit(
        lambda: run_config(
            config, how.seed, how.cfg_options, how.gpus, how.data_root
        ),
        how.work_dir or default_work_dir(config),
    )
    seed = cfg.randomness.seed
    work_dir = Path(how.work_dir or find_work_dir(config, seed))
    notes = check_folder(work_dir, cfg, how.allow_changed)
    how.run(how.train_command(config, work_dir, seed), work_dir)
    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None or how.dry_run:
        checkpoint = work_dir / f'iter_{cfg.train_cfg.max_iters}.pth'
    if how.best:
        checkpoint = best_snapshot(work_dir, how.dry_run)
    if row.trained_as != row.name:
        fit(how, config, cfg, checkpoint, work_dir / STATISTICS)
    command = how.test_command(row, config, checkpoint, work_dir)
    how.run(command)
    if not how.dry_run:
        folder = Path(command[command.index('--work-dir') + 1])
        print(comparison(row, read_scores(folder, checkpoint)))
        print(f'seed {seed}, {checkpoint}')
        print(describe_recipe(row.name))
        for note in notes:
            print(f'note: {note}')


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
            'default_hooks.checkpoint.save_best=mIoU '
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


def comparison(row: PublishedRow, scores: dict[str, float]) -> str:
    """Ours beside the published scores.

    Args:
        row: The row.
        scores: Ours, in percent and points.

    Returns:
        A line for each score, below one of titles.
    """
    lines = [f'{row.name:<20}  ours   published']
    for key, published in row.scores.items():
        lines.append(f'{key:<20}  {scores[key]:4.1f}   {shown(published)}')
    return '\n'.join(lines)
