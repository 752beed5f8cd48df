"""Read every image and label of a config's data sets before training on them.

python tools/check_data.py CONFIG

Says what each data set holds, and what a training would stop at: then the
exit status is 1. An interrupted check goes on where it stopped when the
command is repeated; files that have changed since are read again.
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.datasets.conversion.converter_cli import add_nproc

STATE, REPORT = 'files.jsonl', 'report.txt'
SHOWN_STOPS = 10


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Read every image and label of a config's data sets"
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir',
        type=Path,
        help=f'folder for {REPORT} and {STATE}, with which an interrupted '
        'check goes on; by default work_dirs/<name of the config file>/'
        'check_data',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override keys of the config; lists as key="[a,b]" or key=a,b',
    )
    add_data_root(parser)
    add_nproc(parser)
    return parser.parse_args()


def check(args: argparse.Namespace):
    """Check the data, and write the report."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.files.writing import write_atomically
    from mmseg_balance.runs.data.check import check_data

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    report = check_data(cfg, args.work_dir / STATE, args.nproc)
    write_atomically(args.work_dir / REPORT, f'{report.text()}\n'.encode())
    return report


def main() -> None:
    """Check, print, and end with 1 where a training would stop."""
    args = parse_args()
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import default_work_dir

    if args.work_dir is None:
        args.work_dir = Path(default_work_dir(args.config), 'check_data')
    try:
        report = build_or_exit(lambda: check(args), args.work_dir)
    except KeyboardInterrupt:
        print('\ninterrupted; the same command goes on', file=sys.stderr)
        sys.exit(130)
    print(report.text(SHOWN_STOPS))
    print(f'report: {args.work_dir / REPORT}')
    if report.num_stops:
        sys.exit(1)


if __name__ == '__main__':
    main()
