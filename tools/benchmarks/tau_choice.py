"""Which criterion chooses tau well without labels, over many sweeps.

    python tools/benchmarks/tau_choice.py work_dirs/*/tau_sweep/tau_sweep.json

Each file is of `mmseg-balance logits sweep-tau` with labels, or of a run of
method_table.py that has one: a run, or a seed of one. Over the taus of a run:
Spearman's rank correlation of each criterion with mIoU and with mAcc, positive
where its better values go with higher scores; and the regret of its choice,
the points that it is below the best tau. Fixed taus stand below. All are means
over runs, and the largest regret.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tau_runs import FIXED, METRICS, Run, check_runs, read_run

from mmseg_balance.errors import UserError, exit_with, one_line
from mmseg_balance.evaluation.unsupervised.criteria import CRITERIA
from mmseg_balance.files.writing import write_atomically


def compare(
    runs: Sequence[Run], fixed: Sequence[float] = FIXED
) -> list[dict[str, Any]]:
    """A row for each criterion, and for each fixed tau.

    Args:
        runs: Of :func:`read_run`.
        fixed: Taus that all of them have.

    Returns:
        'chooses' (name), 'taus' (chosen in each run, None where it does
        not), and for each metric that all runs have '<metric>_rho',
        '<metric>_regret' and '<metric>_worst': means over the runs that have
        them and their largest, None without one.
    """
    metrics = check_runs(runs)
    rows = []
    for name in CRITERIA:
        if not any(name in run.criteria[0] for run in runs):
            continue
        taus = [run.choice(name) for run in runs]
        row = dict(chooses=name, taus=taus)
        for metric in metrics:
            rho = [run.correlation(name, metric) for run in runs]
            row[f'{metric}_rho'] = mean_of(rho)
        rows.append(row | regrets(runs, taus, metrics))
    for tau in fixed:
        taus = [tau] * len(runs)
        row = dict(chooses=f'tau {tau:g}', taus=taus)
        row |= {f'{metric}_rho': None for metric in metrics}
        rows.append(row | regrets(runs, taus, metrics))
    return rows


def regrets(
    runs: Sequence[Run], taus: Sequence[float | None], metrics: Sequence[str]
) -> dict[str, float | None]:
    """Mean and largest regret of what was chosen in each run."""
    found = {}
    for metric in metrics:
        values = [
            run.regret(tau, metric)
            for run, tau in zip(runs, taus, strict=True)
        ]
        known = [value for value in values if not math.isnan(value)]
        found[f'{metric}_regret'] = mean_of(values)
        found[f'{metric}_worst'] = max(known, default=None)
    return found


def mean_of(values: Sequence[float]) -> float | None:
    """Mean of what is a number; None where nothing is."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else None


def table(rows: Sequence[dict[str, Any]], num_runs: int) -> str:
    """Markdown table of :func:`compare`, and what may be read from it."""
    columns = [key for key in rows[0] if key not in ('chooses', 'taus')]
    names = [f'{key.replace("_", " ")}' for key in columns]
    lines = [
        f'| Chosen by | {" | ".join(names)} | Runs |',
        '| --- ' * (len(names) + 2) + '|',
    ]
    for row in rows:
        cells = [_cell(row[key]) for key in columns]
        lines.append(
            f'| {row["chooses"]} | {" | ".join(cells)} | {_count(row)} |'
        )
    full = [row for row in rows if None not in row['taus']]
    for metric in METRICS:
        key = f'{metric}_regret'
        if key in columns:
            least = min(full, key=lambda row: row[key])
            tied = [r['chooses'] for r in full if r[key] == least[key]]
            lines.append(
                f'least mean {metric} regret, of those that choose in every '
                f'run: {", ".join(tied)} ({least[key]:.2f})'
            )
    if any(0 < _count(row) < num_runs for row in rows):
        lines.append(
            'rows of fewer runs are means over these alone, and are not to '
            'be compared with others'
        )
    return '\n'.join(lines)


def _count(row: dict[str, Any]) -> int:
    """Runs in which a tau was chosen."""
    return sum(tau is not None for tau in row['taus'])


def _cell(value: float | None) -> str:
    return '-' if value is None else f'{value:.2f}'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'sweeps', nargs='+', metavar='FILE', help='tau_sweep.json of a run'
    )
    parser.add_argument(
        '--fixed',
        nargs='+',
        type=float,
        default=list(FIXED),
        metavar='TAU',
        help='fixed taus to compare with (default: 0 0.1 0.5 1)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='write the rows, with the tau that each run chose, as JSON',
    )
    return parser.parse_args()


def main() -> None:
    """Read all sweeps, print the table, and write the rows."""
    args = parse_args()
    try:
        runs = [read_run(path, args.fixed) for path in args.sweeps]
        rows = compare(runs, args.fixed)
        print(table(rows, len(runs)))
        if args.out is not None:
            content = dict(runs=args.sweeps, rows=rows)
            text = f'{json.dumps(content, indent=1)}\n'
            write_atomically(args.out, text.encode())
    except (UserError, OSError) as error:
        exit_with(one_line(error))


if __name__ == '__main__':
    sys.exit(main())
