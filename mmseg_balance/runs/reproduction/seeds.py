"""A row with several seeds: a work folder each, and one table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import UserValueError
from ...evaluation.comparison.comparison import compare
from ...evaluation.comparison.report import report
from ...evaluation.comparison.runs import ScoredRun
from ..comparison.published import published_of
from ..comparison.result import numbers_of
from .commands import Reproduction
from .named_row import named_row, recipe
from .row import Prepared, finish, prepare


def reproduce_seeds(how: Reproduction, seeds: Sequence[int]) -> None:
    """Run what is left to do for a row with each seed, and table them.

    Args:
        how: The row, and how it is to be run; its ``work_dir`` is one of
            work folders, one a seed.
        seeds: The seeds.

    Raises:
        OSError, RuntimeError, ValueError: A command failed, or a folder has
            another run. All folders are looked at before the first command.
        SystemExit: The config cannot be read.
    """
    if len(set(seeds)) != len(seeds):
        raise UserValueError(
            f'--seeds {" ".join(map(str, seeds))} has one twice, expected '
            'each seed once'
        )
    runs = [prepare(of_seed(how, seed)) for seed in seeds]
    finished = [finish(run) for run in runs]
    if not how.dry_run:
        print(table(how.row, runs, finished))
        for line in recipe(named_row(how.row)):
            print(line)


def of_seed(how: Reproduction, seed: int) -> Reproduction:
    """How one of the seeds is run, in a folder of its own.

    Args:
        how: How all of them are.
        seed: The seed.
    """
    folder = how.work_dir and str(Path(how.work_dir) / f'seed{seed}')
    return replace(how, seed=seed, work_dir=folder)


def table(
    name: str,
    runs: Sequence[Prepared],
    finished: Sequence[tuple[dict[str, Any], Path]],
) -> str:
    """Mean and spread over the seeds, the published row below.

    Args:
        name: Name of the row.
        runs: The runs.
        finished: Scores and checkpoint of each.

    Returns:
        The table in Markdown, with the checkpoints and what is to be noted.
    """
    scored = [
        ScoredRun(name, run.seed, numbers_of(scores), origin=str(checkpoint))
        for run, (scores, checkpoint) in zip(runs, finished, strict=True)
    ]
    notes = [
        f'seed {run.seed}: {_main_score(scores)}, {checkpoint}'
        for run, (scores, checkpoint) in zip(runs, finished, strict=True)
    ]
    notes += [note for run in runs for note in run.notes]
    row = named_row(name)
    published = {name: published_of(row)} if row.scores else {}
    comparison = compare(scored, published=published, notes=notes)
    return report(comparison, 'md')


def _main_score(scores: Mapping[str, Any]) -> str:
    """The score that is named first, of segments where there are such."""
    key = next(k for k in ('mPQ', 'mIoU', 'mAcc') if k in scores)
    return f'{scores[key]:.1f} {key}'
