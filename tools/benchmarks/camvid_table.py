"""Train methods on CamVid day -> dusk, several seeds each, and table them.

    python tools/benchmarks/camvid_table.py --seeds 0 1 2 --jobs 2
    python tools/benchmarks/camvid_table.py --group small --seeds 0
    python tools/benchmarks/camvid_table.py --group balance --seeds 0 1

Student and teacher are scored once, at the last iteration: nothing is chosen
on target labels. What is finished is not repeated, an interrupted training
goes on. Each run leaves a small JSON in --out; the table is made from those.
Each holds its config, its seed, the versions beneath, and a fingerprint of
these and of the sources of the package; one of other settings or code is
refused, and what differs is named.
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from camvid_rows import GROUPS, METHODS

from mmseg_balance.errors import UserValueError
from mmseg_balance.evaluation.comparison.seeds import spread
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.comparison.result_files import read_result_file
from mmseg_balance.runs.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
PARTS = ('student', 'teacher')
COLUMNS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
REFUSAL = (
    'error: results of other settings or code:\n  {}\nMove them away, or give '
    'another --out, to run them again; --allow-mixed keeps them in the table'
)
CHANGED = 'the sources changed while it ran'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--group',
        choices=GROUPS,
        default='main',
        help='; '.join(f'{k}: {", ".join(v)}' for k, v in GROUPS.items()),
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        choices=METHODS,
        metavar='METHOD',
        help='rows in place of a group',
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='runs side by side'
    )
    parser.add_argument(
        '--work-dir', type=Path, default=ROOT / 'work_dirs/camvid_table'
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='for the JSONs and the table; by default '
        'docs/benchmarks/balance_methods for the groups of that name, and '
        'docs/benchmarks/camvid_day2dusk for the others',
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
    name = args.group if args.methods is None else 'methods'
    args.methods = args.methods or GROUPS[args.group]
    args.seeds = list(dict.fromkeys(args.seeds))
    balance = args.methods[0].startswith('balance')
    folder = 'balance_methods' if balance else 'camvid_day2dusk'
    args.out = args.out or ROOT / 'docs/benchmarks' / folder
    args.table_file = args.out / f'table_{name}.md'
    return args


def experiment(method: str, seed: int, work_dir: Path) -> Experiment:
    """A run of the table."""
    _, config, options = METHODS[method]
    options = {'default_hooks.checkpoint.interval': 100} | options
    return Experiment(
        ROOT,
        Path('configs') / config,
        work_dir,
        options,
        seed,
        f'{method}_seed{seed}',
        PARTS,
    )


def result_file(out: Path, method: str, seed: int) -> Path:
    """Where the scores of a run are kept."""
    return out / f'{method}_seed{seed}.json'


def stale(result: Path, run: Experiment) -> str | None:
    """Why a result is not one of these settings and this code.

    Args:
        result: Its file, which may be missing.
        run: The run it should be of.

    Returns:
        A line with the file; None for a good or missing result.
    """
    if not result.is_file():
        return None
    lines = run.differences(json.loads(result.read_text()))
    return f'{result} has {"; ".join(lines)}' if lines else None


def stale_results(args: argparse.Namespace) -> list[str]:
    """A line for each result of other settings or code."""
    lines = [
        stale(
            result_file(args.out, method, seed),
            experiment(method, seed, args.work_dir),
        )
        for seed in args.seeds
        for method in args.methods
        if result_file(args.out, method, seed).is_file()
    ]
    return [line for line in lines if line]


def finish(method: str, seed: int, work_dir: Path, out: Path) -> None:
    """Do what is left of a run; a result that is there is left alone."""
    result = result_file(out, method, seed)
    if result.is_file():
        return
    run = experiment(method, seed, work_dir)
    if run.checkpoint is None:
        print(f'{run.folder.name}: training', flush=True)
        run.train()
    scores = {}
    for part in PARTS:
        values = run.test(part, options={'model.predict_with': part})
        scores[part] = {
            k: round(v, 4) for k, v in values.items() if 'time' not in k
        }
    data = run.record | scores
    if not run.is_current():
        data['fingerprint'] = CHANGED
    write_atomically(result, (json.dumps(data, indent=1) + '\n').encode())
    print(f'{run.folder.name}: {scores["teacher"]["mIoU"]:.2f}', flush=True)


def table(out: Path, seeds: list[int], methods: list[str]) -> str:
    """Markdown table: mean and, of several seeds, sample std."""
    lines = [
        '| Method | Part | ' + ' | '.join(COLUMNS) + ' | Seeds |',
        '| --- ' * (len(COLUMNS) + 3) + '|',
    ]
    for method in methods:
        name = METHODS[method][0]
        files = [result_file(out, method, seed) for seed in seeds]
        # which refuses the scores of another seed than the name says
        runs = [r for f in files if f.is_file() for r in read_result_file(f)]
        for part in PARTS if runs else ():
            scores = [run.scores for run in runs if run.part == part]
            cells = [
                str(spread(s[column] for s in scores)) for column in COLUMNS
            ]
            lines.append(
                f'| {name} | {part} | {" | ".join(cells)} | {len(scores)} |'
            )
    return '\n'.join(lines)


def main() -> None:
    """Finish all runs, and print the table."""
    args = parse_args()
    args.out, args.work_dir = args.out.resolve(), args.work_dir.resolve()
    lines = stale_results(args)
    if lines and not (args.table or args.allow_mixed):
        sys.exit(REFUSAL.format('\n  '.join(lines)))
    if not args.table:
        # seed by seed, so that a part of the table is one of all methods
        runs = [(m, s) for s in args.seeds for m in args.methods]
        with ThreadPoolExecutor(args.jobs) as pool:
            jobs = [
                pool.submit(finish, *run, args.work_dir, args.out)
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
        text = table(args.out, args.seeds, args.methods)
    except UserValueError as error:
        sys.exit(f'error: {error}')
    print(text)
    if not args.table:
        write_atomically(args.table_file.resolve(), f'{text}\n'.encode())


if __name__ == '__main__':
    main()
