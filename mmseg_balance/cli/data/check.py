"""``mmseg-balance data check``."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..exits import interruptible
from ..options import add_cfg_options, add_data_root, add_nproc

if TYPE_CHECKING:
    from ...runs.data.report import DataReport

STATE, REPORT = 'files.jsonl', 'report.txt'
SHOWN_STOPS = 10

DESCRIPTION = """\
Read every image and label of a config's data sets before training on them.

Says what each data set holds, and what a training would stop at: then the
exit status is 1. An interrupted check goes on where it stopped when the
command is repeated; files that have changed since are read again.
"""
EXAMPLE = """\
example:
  mmseg-balance data check CONFIG --data-root gta=/data/gta
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument(
        '--work-dir',
        type=Path,
        help=f'folder for {REPORT} and {STATE}, with which an interrupted '
        'check goes on; by default work_dirs/<name of the config file>/'
        'check_data',
    )
    add_cfg_options(parser)
    add_data_root(parser)
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Check, print, and end with 1 where a training would stop."""
    from ...configuration.error_lines import build_or_exit
    from ...runs.work_dir import default_work_dir

    if args.work_dir is None:
        args.work_dir = Path(default_work_dir(args.config), 'check_data')
    with interruptible('interrupted; the same command goes on'):
        report = build_or_exit(lambda: check(args), args.work_dir)
    print(report.text(SHOWN_STOPS))
    print(f'report: {args.work_dir / REPORT}')
    if report.num_stops:
        sys.exit(1)


def check(args: Namespace) -> 'DataReport':
    """Check the data, and write the report."""
    from ...configuration.reading import load_config
    from ...files.writing import write_atomically
    from ...runs.data.check import check_data

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    report = check_data(cfg, args.work_dir / STATE, args.nproc)
    write_atomically(args.work_dir / REPORT, f'{report.text()}\n'.encode())
    return report
