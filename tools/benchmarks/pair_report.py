"""Tables and the picture of the pairs of real domains, in docs/benchmarks.md.

    python tools/benchmarks/pair_report.py

From the JSONs that method_table.py left in docs/benchmarks/pairs: scores of
student and teacher, and what each row is above the method alone of the same
seed, and other methods above DACS, with Student's interval of 95 %. The
picture shows what balance adds to each, a dot for each seed.
Runs of another state of the package or another device than the others', of
other settings than their row has now, or of another seed than their name says,
are named, and end it. Groups of a GPU (camvid-gpu) have a state of their own.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from doc_block import replace_block, table
from method_rows import GROUPS
from pair_figure import differences_figure
from pair_runs import PARTS, SCORES, Runs, check_states, read_pair

from mmseg_balance.errors import UserValueError, exit_with
from mmseg_balance.evaluation.comparison.differences import (
    PairedDifference,
    paired_difference,
)
from mmseg_balance.evaluation.comparison.seeds import spread
from mmseg_balance.files.writing import write_atomically

ROOT = Path(__file__).resolve().parents[2]
PAIRS = {
    'camvid': 'CamVid day -> dusk',
    'camvid2iddlite': 'CamVid -> IDD-Lite',
    'carrots': 'carrots, RGB -> near infrared',
    'camvid-day': 'CamVid by day, plain supervised training',
    'camvid-gpu': 'CamVid day -> dusk, trained on a GPU',
}
BASELINES = dict.fromkeys(PAIRS, 'dacs') | {'camvid-day': 'source_only'}
PART = PARTS[0]
DIFFERENCES = ('mIoU', 'mAcc', 'Acc_std')


def columns(runs: Runs, keys: Sequence[str]) -> tuple[str, ...]:
    """Scores of a table; first what this pair has besides."""
    scores = next(iter(runs.values()))[0].scores
    more = [key for key in scores if key.startswith('mIoU without ')]
    return (keys[0], *more, *keys[1:])


def score_table(runs: Runs) -> str:
    """Mean and sample std over the seeds, as Markdown."""
    keys = columns(runs, SCORES)
    lines = [
        (
            name,
            part,
            *(spread(run.scores[key] for run in own) for key in keys),
            len(own),
        )
        for (name, part), own in runs.items()
    ]
    return table(('Method', 'Part', *keys, 'Seeds'), lines)


def baselines(name: str, runs: Runs) -> dict[str, list[str]]:
    """Rows that others build on, and which else each is compared with.

    Args:
        name: The pair.
        runs: Its runs.

    Returns:
        By name in the tables, that of the pair first: it is compared with
        the other methods alone as well.
    """
    alone = [row for row, part in runs if part == PART and ' + ' not in row]
    first = GROUPS[name].rows[BASELINES[name]].name
    others = [row for row in alone if row != first]
    found = {first: others} if first in alone else {}
    return found | {row: [] for row in others}


def differences(
    runs: Runs, base: str, others: Sequence[str]
) -> dict[str, list[PairedDifference]]:
    """What each row's student is above a baseline's, by row.

    Args:
        runs: Runs of a pair.
        base: The baseline; what builds on it is compared with it.
        others: Further rows that are.
    """
    keys = columns(runs, DIFFERENCES)
    found = {
        name: [paired_difference(own, runs[base, PART], key) for key in keys]
        for (name, part), own in runs.items()
        if part == PART and (name.startswith(f'{base} + ') or name in others)
    }
    return {name: own for name, own in found.items() if None not in own}


def difference_table(
    found: Mapping[str, Sequence[PairedDifference]], baseline: str
) -> str:
    """The differences, as Markdown: mean, interval, and each seed's."""
    rows = [(name, *map(cell, own)) for name, own in found.items()]
    keys = [d.key for own in found.values() for d in own]
    return table((f'Student, less {baseline}', *dict.fromkeys(keys)), rows)


def cell(difference: PairedDifference) -> str:
    """Mean, interval in brackets, values; bold where 0 is outside."""
    values = ', '.join(f'{v:+.1f}' for v in difference.values)
    ends = difference.student_t
    if ends is None:
        return values
    low, high = ends
    text = f'{difference.mean:+.1f} [{low:+.1f}, {high:+.1f}]'
    return f'{f"**{text}**" if low > 0 or high < 0 else text} ({values})'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--runs',
        type=Path,
        default=ROOT / 'docs/benchmarks/pairs',
        metavar='FOLDER',
        help='with a folder of JSONs for each pair; the picture comes there',
    )
    parser.add_argument(
        '--page', type=Path, default=ROOT / 'docs/benchmarks.md'
    )
    return parser.parse_args()


def main() -> None:
    """Write the tables into the page, and draw the picture."""
    args = parse_args()
    blocks, panels = [], {}
    states: dict[bool, dict[str, Path]] = {False: {}, True: {}}
    try:
        for name, title in PAIRS.items():
            runs, own = read_pair(name, args.runs)
            states[GROUPS[name].on_gpu] |= own
            if not runs:
                continue
            blocks.append(f'### {title[0].upper()}{title[1:]}')
            blocks.append(score_table(runs))
            for base, others in baselines(name, runs).items():
                found = differences(runs, base, others)
                if found:
                    blocks.append(difference_table(found, base))
                panels[title, base] = {
                    row: d for row, d in found.items() if row not in others
                }
        if not blocks:
            raise UserValueError(
                f'{args.runs} has no runs: make them with '
                'tools/benchmarks/method_table.py --group camvid'
            )
        for own in states.values():
            check_states(own)
        replace_block(args.page, 'pairs', '\n\n'.join(['', *blocks, '']))
    except (OSError, ValueError) as error:
        exit_with(str(error))
    drawn = {
        f'{title}, {base}': rows
        for (title, base), rows in panels.items()
        if rows
    }
    if drawn:
        picture = differences_figure(drawn, DIFFERENCES)
        write_atomically(args.runs / 'differences.png', picture)


if __name__ == '__main__':
    sys.exit(main())
