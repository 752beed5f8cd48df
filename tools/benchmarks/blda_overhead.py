"""What BLDA adds to a loss and to a training step: time and peak memory.

    python tools/benchmarks/blda_overhead.py --out docs/benchmarks/overhead

Cross entropy against BLDALoss (source and mixed batches, the update of the
statistics included) by crop size, number of classes and number of images, and
whole steps of DACS and DAFormer without and with BLDA. Writes
FOLDER/overhead_<device>.json and .png; each group is finished before the next
one, and all of its cases are timed in alternation.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from measure import alternate, machine, peak_memory
from overhead_cases import daformer_case, loss_case, step_case

NETS = ('lite0', 'mit-b0')
STEPS = ('dacs', 'ola', 'blda')
DAFORMER = 'daformer-mit-b0'
DAFORMER_STEPS = ('daformer', 'blda')
LOSSES = ('ce', 'source', 'mixed')
HEADER = ('group', 'case', 'seconds', 'ratio', 'peak MB', '+ MB')
COLOURS = dict(ce='#999999', source='#0072B2', mixed='#E69F00')
LABELS = dict(
    ce='cross entropy',
    source='BLDALoss, source batch',
    mixed='BLDALoss, mixed batch',
)
CLOCKS = dict(wall=time.perf_counter, process=time.process_time)
AXES = ('crop side', 'classes C', 'images N')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--sizes', nargs='+', type=int, default=[256, 512])
    parser.add_argument(
        '--classes', nargs='+', type=int, default=[11, 19, 150]
    )
    parser.add_argument(
        '--images',
        nargs='+',
        type=int,
        default=[1, 2, 4, 8],
        help='batch sizes, at the first of --sizes and 19 classes',
    )
    parser.add_argument(
        '--nets',
        nargs='*',
        choices=(*NETS, DAFORMER),
        default=(*NETS, DAFORMER),
        help='networks of whole steps',
    )
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument(
        '--clock',
        choices=CLOCKS,
        default='wall',
        help='process: seconds that this process computes, on a machine that '
        'others use as well; its threads add up: set OMP_NUM_THREADS=1',
    )
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu'
    )
    parser.add_argument(
        '--out', type=Path, metavar='FOLDER', help='for the JSON and the plot'
    )
    return parser.parse_args()


def groups(args: argparse.Namespace) -> list[tuple]:
    """Name, maker and cases of each group; the first case is its base."""
    shapes = [(s, c, 2) for s in args.sizes for c in args.classes]
    shapes += [(args.sizes[0], 19, n) for n in args.images]
    found = [
        (
            f'loss, {size} x {size}, C={classes}, N={images}',
            loss_case,
            [(kind, size, classes, images, args.device) for kind in LOSSES],
        )
        for size, classes, images in dict.fromkeys(shapes)
    ]
    found += [
        (
            f'DACS step, {net}',
            step_case,
            [(kind, net, args.device) for kind in STEPS],
        )
        for net in args.nets
        if net in NETS
    ]
    if DAFORMER in args.nets:
        cases = [(kind, args.device) for kind in DAFORMER_STEPS]
        found.append(('DAFormer step, mit-b0', daformer_case, cases))
    return found


def measure(
    name: str, make, cases: list[tuple], repeats: int, clock: str = 'wall'
) -> list[dict]:
    """Rows of a group."""
    runs = [make(*case) for case in cases]
    times = alternate(runs, repeats, cases[0][-1], CLOCKS[clock])
    peaks = [peak_memory(make, case) for case in cases]
    return [
        dict(
            group=name,
            case=case[0],
            settings=list(case[1:-1]),
            seconds=seconds,
            ratio=ratio,
            peak_mb=peak,
            added_mb=peak - peaks[0],
        )
        for case, (seconds, ratio), peak in zip(
            cases, times, peaks, strict=True
        )
    ]


def line(row: dict) -> str:
    """Row of the Markdown table."""
    return (
        f'| {row["group"]} | {row["case"]} | {row["seconds"]:.3f} '
        f'| {row["ratio"]:.3g} | {row["peak_mb"]:.0f} '
        f'| {row["added_mb"]:+.0f} |'
    )


def plot(rows: list[dict], file: Path) -> None:
    """Draw how the cost of the losses grows."""
    losses = [r for r in rows if r['group'].startswith('loss')]
    figure = Figure(figsize=(11, 3.8), layout='constrained')
    for axis, place in zip(figure.subplots(1, 3), range(3), strict=True):
        rest = [
            tuple(v for i, v in enumerate(r['settings']) if i != place)
            for r in losses
        ]
        # the setting of the other two that most rows share
        fixed = max(rest, key=lambda s: (rest.count(s), 19 in s, s))
        for case, colour in COLOURS.items():
            points = sorted(
                (r['settings'][place], r['seconds'])
                for r, other in zip(losses, rest, strict=True)
                if other == fixed and r['case'] == case
            )
            x, seconds = zip(*points, strict=True)
            if place == 0:
                x = [side**2 / 1000 for side in x]
            axis.plot(x, seconds, 'o-', color=colour, label=LABELS[case])
        names = [name for i, name in enumerate(AXES) if i != place]
        axis.set_title(
            ', '.join(f'{n} {v}' for n, v in zip(names, fixed, strict=True)),
            fontsize=9,
        )
        axis.set_xlabel(AXES[place] if place else 'pixels of a crop (1000)')
        axis.set_xlim(0)
        axis.set_ylim(0)
        axis.grid(alpha=0.3)
        axis.spines[['top', 'right']].set_visible(False)
    figure.axes[0].set_ylabel('seconds, forward and backward')
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc='outside upper center',
        ncols=3,
        frameon=False,
    )
    FigureCanvasAgg(figure).print_png(file)


def main() -> None:
    """Measure, print the table, write JSON and plot."""
    args = parse_args()
    about = dict(machine(args.device), clock=args.clock)
    print(', '.join(f'{k}: {v}' for k, v in about.items()))
    print('| ' + ' | '.join(HEADER) + ' |')
    print('| --- ' * len(HEADER) + '|')
    rows = []
    for name, make, cases in groups(args):
        for row in measure(name, make, cases, args.repeats, args.clock):
            rows.append(row)
            print(line(row), flush=True)
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            stem = f'overhead_{args.device.partition(":")[0]}'
            text = json.dumps(dict(machine=about, rows=rows), indent=1)
            (args.out / f'{stem}.json').write_text(text + '\n')
            if any(row['group'].startswith('loss') for row in rows):
                plot(rows, args.out / f'{stem}.png')


if __name__ == '__main__':
    sys.exit(main())
