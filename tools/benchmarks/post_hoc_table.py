"""Post-hoc balancing of trained models beside training with BLDA, on CamVid.

    python tools/benchmarks/post_hoc_table.py --seeds 0 1 2

For source-only training and DACS: trains what method_table.py would train (or
takes it from there), fits the distributions of the logits, and scores Eq. 7
over tau in one pass over CamVid dusk. Each run leaves a small JSON in --out;
the table has these and the trained rows of method_table.py, mAcc and both std
first. What is finished is not repeated.
"""

import argparse
import json
import sys
from pathlib import Path

import method_runs
from method_rows import GROUPS
from method_runs import ROOT
from method_table import REFUSAL
from tau_sweeps import PART, sweep_tau

from mmseg_balance.checkpoints.weights import read_checkpoint
from mmseg_balance.errors import UserValueError
from mmseg_balance.evaluation.comparison.seeds import spread
from mmseg_balance.files.writing import write_atomically

GROUP = GROUPS['main']
BASES = ('source_only', 'dacs')
SHOWN_TAUS = ('0.1', '0.5', '1.0')
COLUMNS = ('mAcc', 'Acc_std', 'IoU_std', 'mIoU')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--work-dir', type=Path, default=ROOT / 'work_dirs/method_table'
    )
    parser.add_argument(
        '--trained',
        type=Path,
        metavar='FOLDER',
        help='take FOLDER/<method>_seed<seed>/iter_500.pth, whatever code '
        'trained it;\nthe results then carry no fingerprint',
    )
    parser.add_argument(
        '--out', type=Path, default=ROOT / 'docs/benchmarks/camvid_day2dusk'
    )
    parser.add_argument(
        '--table', action='store_true', help='run nothing, print the table'
    )
    parser.add_argument(
        '--allow-mixed',
        action='store_true',
        help='keep JSONs of other settings or code, named on stderr, instead '
        'of\nrefusing them',
    )
    return parser.parse_args()


def finish(method: str, seed: int, args: argparse.Namespace) -> None:
    """Do what is left of a run; a result that is there is left alone."""
    result = result_file(args.out, method, seed)
    if result.is_file():
        return
    run = method_runs.experiment(GROUP, method, seed, args.work_dir)
    folder, checkpoint = run.folder, run.checkpoint
    if args.trained is not None:
        folder = args.trained.resolve() / f'{method}_seed{seed}'
        checkpoint = folder / 'iter_500.pth'
        check_seed(checkpoint, seed)
    elif checkpoint is None:
        print(f'{folder.name}: training', flush=True)
        run.train()
        checkpoint = run.checkpoint
    print(f'{folder.name}: statistics and tau', flush=True)
    found = sweep_tau(run.config, checkpoint, folder, criteria=False)
    mark = dict(fingerprint=None) if args.trained else run.record
    scores = {
        f'{row["tau"]}': {key: round(row[key], 4) for key in COLUMNS}
        for row in found['scores']
    }
    data = mark | dict(part=PART, tau=scores)
    write_atomically(result, (json.dumps(data, indent=1) + '\n').encode())


def check_seed(checkpoint: Path, seed: int) -> None:
    """Refuse a checkpoint of another seed than its folder's name says."""
    found = read_checkpoint(str(checkpoint))[1].get('seed')
    if found != seed:
        raise UserValueError(
            f'{checkpoint} is of seed {found}, expected seed {seed}: correct '
            '--trained, or the name of the folder'
        )


def stale_results(args: argparse.Namespace) -> list[str]:
    """A line for each result of other settings or code."""
    lines = [
        method_runs.stale(
            result_file(args.out, method, seed),
            method_runs.experiment(GROUP, method, seed, args.work_dir),
        )
        for seed in args.seeds
        for method in BASES
    ]
    return [line for line in lines if line]


def result_file(out: Path, method: str, seed: int) -> Path:
    """Where the scores of a run are kept."""
    return out / f'{method}_posthoc_seed{seed}.json'


def table(out: Path, seeds: list[int]) -> str:
    """Markdown table: mean and, of several seeds, sample std."""
    rows = []
    for base in BASES:
        name = GROUP.rows[base].name
        runs = read(result_file(out, base, seed) for seed in seeds)
        rows.append((name, [run['tau']['0.0'] for run in runs]))
        rows += [
            (
                f'{name} + post-hoc, tau {tau}',
                [run['tau'][tau] for run in runs],
            )
            for tau in SHOWN_TAUS
        ]
    for method in GROUP.rows:
        if method not in BASES:
            files = (
                method_runs.result_file(out, method, seed) for seed in seeds
            )
            scores = [run[PART] for run in read(files)]
            rows.append((GROUP.rows[method].name, scores))
    lines = [
        f'| Method ({PART}) | ' + ' | '.join(COLUMNS) + ' | Seeds |',
        '| --- ' * (len(COLUMNS) + 2) + '|',
    ]
    for name, scores in rows:
        if scores:
            cells = [
                str(spread(s[column] for s in scores)) for column in COLUMNS
            ]
            lines.append(f'| {name} | {" | ".join(cells)} | {len(scores)} |')
    return '\n'.join(lines)


def read(files) -> list[dict]:
    """Contents of those of some JSON files that are there."""
    return [json.loads(f.read_text()) for f in files if f.is_file()]


def main() -> None:
    """Finish all runs, and print the table."""
    args = parse_args()
    args.out, args.work_dir = args.out.resolve(), args.work_dir.resolve()
    # of --trained no one knows what trained it
    lines = [] if args.trained else stale_results(args)
    if lines and not (args.table or args.allow_mixed):
        sys.exit(REFUSAL.format('\n  '.join(lines)))
    for line in lines:
        print(f'warning: {line}', file=sys.stderr)
    try:
        for seed in [] if args.table else args.seeds:
            for method in BASES:
                finish(method, seed, args)
    except (RuntimeError, UserValueError) as error:
        sys.exit(f'error: {error}')
    print(table(args.out, args.seeds))


if __name__ == '__main__':
    main()
