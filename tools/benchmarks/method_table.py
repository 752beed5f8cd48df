"""Train methods on a data set, several seeds each, and table them.

    python tools/benchmarks/method_table.py --seeds 0 1 2 --jobs 2
    python tools/benchmarks/method_table.py --group camvid-variants
    python tools/benchmarks/method_table.py --group digits --seeds 0 1 2

Segmentors are scored once, at the last iteration: nothing is chosen on target
labels. What is finished is not repeated, an interrupted training
goes on. Each run leaves a small JSON in --out; the table is made from those.
Tau of post-hoc balancing is swept over the students of pairs of data sets,
but for those of camvid-day and camvid-gpu. Rows of the latter are of a GPU;
those of other groups of whatever there is, one kind for all of a report.
Each holds its config, its seed, the versions beneath, and a fingerprint of
these and of the sources of the package; one of other settings or code is
refused, and what differs is named.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

from method_rows import GROUPS, Group
from method_runs import (
    CPU,
    ROOT,
    device,
    experiment,
    finish,
    result_file,
    stale,
)

from mmseg_balance.errors import UserValueError
from mmseg_balance.evaluation.comparison.seeds import spread
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.comparison.result_files import read_result_file

REFUSAL = (
    'error: results of other settings or code:\n  {}\nMove them away, or give '
    'another --out, to run them again; --allow-mixed keeps them in the table'
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--group',
        choices=GROUPS,
        default='camvid',
        help='; '.join(f'{k}: {", ".join(v.rows)}' for k, v in GROUPS.items()),
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        metavar='METHOD',
        help='rows of the group, by default all',
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='runs side by side'
    )
    parser.add_argument(
        '--work-dir', type=Path, default=ROOT / 'work_dirs/method_table'
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help="for the JSONs and the table; by default the group's folder "
        'of docs/benchmarks',
    )
    parser.add_argument(
        '--table',
        action='store_true',
        help='run nothing, print the table of the JSONs that are there; '
        'stderr says\nwhich of them are of other settings or code',
    )
    parser.add_argument(
        '--allow-mixed',
        action='store_true',
        help='keep JSONs of other settings or code, named on stderr, instead '
        'of\nrefusing them',
    )
    args = parser.parse_args()
    group = GROUPS[args.group]
    for method in args.methods or ():
        if method not in group.rows:
            parser.error(
                f'--group {args.group} has no {method!r}: expected one of '
                f'{", ".join(group.rows)}'
            )
    name = args.group if args.methods is None else f'{args.group}_methods'
    args.methods = args.methods or list(group.rows)
    args.seeds = list(dict.fromkeys(args.seeds))
    args.out = args.out or ROOT / 'docs/benchmarks' / group.folder
    args.table_file = args.out / f'table_{name}.md'
    return args


def stale_results(args: argparse.Namespace) -> list[str]:
    """A line for each result of other settings or code."""
    lines = [
        stale(
            result_file(args.out, method, seed),
            experiment(GROUPS[args.group], method, seed, args.work_dir),
        )
        for seed in args.seeds
        for method in args.methods
        if result_file(args.out, method, seed).is_file()
    ]
    return [line for line in lines if line]


def score(scores: Mapping[str, float], column: str) -> float:
    """Value of a column of the table."""
    if column != '|Bias|':
        return scores[column]
    return mean(abs(v) for k, v in scores.items() if k.startswith('Bias.'))


def table(
    group: Group, out: Path, seeds: list[int], methods: list[str]
) -> str:
    """Markdown table: mean and, of several seeds, sample std."""
    # a bar ends a cell
    names = [column.replace('|', '\\|') for column in group.columns]
    lines = [
        f'| Method | Part | {" | ".join(names)} | Seeds |',
        '| --- ' * (len(names) + 3) + '|',
    ]
    for method in methods:
        name = group.rows[method].name
        files = [result_file(out, method, seed) for seed in seeds]
        # which refuses the scores of another seed than the name says
        runs = [r for f in files if f.is_file() for r in read_result_file(f)]
        for part in group.parts if runs else ():
            scores = [run.scores for run in runs if run.part == part]
            cells = [
                str(spread(score(s, column) for s in scores))
                for column in group.columns
            ]
            lines.append(
                f'| {name} | {part} | {" | ".join(cells)} | {len(scores)} |'
            )
        swept = [json.loads(f.read_text()) for f in files if f.is_file()]
        swept = [run for run in swept if 'tau_sweep' in run]
        if group.sweeps and method in group.post_hoc and swept:
            lines.append(post_hoc_row(group, name, swept))
    return '\n'.join(lines)


def post_hoc_row(group: Group, name: str, runs: list[dict]) -> str:
    """A method with post-hoc balancing, tau 1: where Eq. 7 is balanced."""
    scores = [
        row
        for run in runs
        for row in run['tau_sweep']['scores']
        if row['tau'] == 1
    ]
    cells = [str(spread(s[c] for s in scores)) for c in group.columns]
    shown = ' | '.join(cells)
    part = group.parts[0]
    return f'| {name} + post-hoc, tau 1 | {part} | {shown} | {len(scores)} |'


def main() -> None:
    """Finish all runs, and print the table."""
    args = parse_args()
    group = GROUPS[args.group]
    args.out, args.work_dir = args.out.resolve(), args.work_dir.resolve()
    lines = stale_results(args)
    if lines and not (args.table or args.allow_mixed):
        sys.exit(REFUSAL.format('\n  '.join(lines)))
    if group.on_gpu and not args.table and device() == CPU:
        sys.exit(
            f'error: rows of --group {args.group} are trained on a GPU, and '
            'PyTorch finds none here: expected torch.cuda.is_available(); '
            '--group camvid has these rows for any machine'
        )
    if not args.table:
        # seed by seed, so that a part of the table is one of all methods
        runs = [(m, s) for s in args.seeds for m in args.methods]
        with ThreadPoolExecutor(args.jobs) as pool:
            jobs = [
                pool.submit(finish, group, *run, args.work_dir, args.out)
                for run in runs
            ]
        try:
            for job in jobs:
                job.result()
        except RuntimeError as error:
            sys.exit(f'error: {error}')
        # of what ran as well: the sources may have changed meanwhile
        lines = stale_results(args)
    for line in lines:
        print(f'warning: {line}', file=sys.stderr)
    try:
        text = table(group, args.out, args.seeds, args.methods)
    except UserValueError as error:
        sys.exit(f'error: {error}')
    print(text)
    if not args.table:
        write_atomically(args.table_file.resolve(), f'{text}\n'.encode())


if __name__ == '__main__':
    main()
