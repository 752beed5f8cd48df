"""``mmseg-balance demo``."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .exits import clear_exit
from .options import DATA_VARIABLE, positive_int

if TYPE_CHECKING:
    from prettytable import PrettyTable

    from ..visualization.comparison import Content

COLUMNS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
DESCRIPTION = """\
Adapt a small network to toy streets, with and without BLDA.

Draws the toy streets, trains DACS and DACS + BLDA, evaluates each plain and
balanced post hoc, and writes work_dirs/demo/report.html: scores, bias,
logits, and samples where they differ. What is finished is not repeated, and
an interrupted training goes on.
"""
EXAMPLE = """\
example:
  mmseg-balance demo --work-dir my_demo
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='folder for runs and report; by default work_dirs/demo, of the '
        'checkout where this is one',
    )
    parser.add_argument(
        '--iterations',
        type=positive_int,
        help='train shorter or longer than the configs say; the report is '
        'that of the last call',
    )


def options_of(iterations: int | None) -> dict[str, int]:
    """Overrides of the configs, by dotted key."""
    options = {
        'default_hooks.checkpoint.interval': 50,
        'default_hooks.logger.interval': 10,
    }
    if iterations is not None:
        options |= {
            'train_cfg.max_iters': iterations,
            'train_cfg.val_interval': iterations,
        }
    return options


def run(args: Namespace) -> None:
    """Do what is left of the demo, and print the table."""
    from ..datasets.toy_streets import generate_toy_streets
    from ..runs import demo_run
    from ..runs.demo.page import demo_content
    from ..visualization.comparison.page import write_page

    # of the data that others have; the demo draws its own
    os.environ.pop(DATA_VARIABLE, None)
    start = time.time()
    num_cpus = (
        len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count() or 1
    )
    home = demo_run.demo_home()
    work_dir = args.work_dir or home / 'work_dirs' / 'demo'
    runs = [
        demo_run.DemoRun(
            name, config, work_dir.resolve(), options_of(args.iterations)
        )
        for name, config in demo_run.RUNS.items()
    ]
    folder = home / Path(runs[0].cfg.test_dataloader.dataset.data_root).parent
    demo_run.say(f'toy streets in {folder}')
    with clear_exit():
        generate_toy_streets(folder, demo_run.STREETS, nproc=num_cpus)
        demo_run.finish_all(runs, num_cpus)
        content = demo_content(runs)
    report = write_page(work_dir / 'report.html', content)
    print(f'\n{score_table(content)}')
    print(*content.notes, sep='\n')
    print(f'report: {report}  ({time.time() - start:.0f} s)')


def score_table(content: Content) -> PrettyTable:
    """Scores of each method, and how many classes it has learnt."""
    from prettytable import PrettyTable

    from ..runs.demo.reading import LEARNT, num_learnt

    heading = f'classes above {LEARNT:g} IoU'
    table = PrettyTable(['Run', *COLUMNS, heading], align='r')
    table.align['Run'] = 'l'
    total = len(content.classes)
    for method in content.methods:
        learnt = num_learnt(method.scores, content.classes)
        values = [f'{method.scores[column]:.2f}' for column in COLUMNS]
        table.add_row([method.name, *values, f'{learnt} of {total}'])
    return table
