"""Time per iteration and peak memory of each method, with and without BLDA.

    python tools/benchmarks/step_time.py --backbone mit-b5 \\
        --precision float32 amp --compile --out docs/benchmarks/steps
    python tools/benchmarks/step_time.py --count --methods hrda

Whole iterations on random images: teacher, objectives, optimizer, statistics.
The cases of a method are timed in alternation, after two rounds that do not
count; medians are printed, and the ratio is to the first row of the method.
'reference' is DAFormer with MMSegmentation's own MiT, eager, in float32, as
first row of DAFormer. --count runs nothing: it counts the bytes of a step in
float32 on the meta device, without and with activation checkpointing.
Writes FOLDER/steps_<device>.json and .png, or FOLDER/steps_count.json.
"""

import argparse
import gc
import json
import sys
from pathlib import Path

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from measure import MB, alternate, machine, peak_memory
from step_cases import METHODS, NETS, PRECISIONS, Case, make_step
from step_memory import count_step

from mmseg_balance.files.writing import write_atomically

REFERENCE = 'reference'
HEADER = ('method', 'BLDA', 'mode', 'seconds', 'ratio', 'peak MB')
COUNTED = (
    *('parameters', 'gradients', 'optimizer', 'teacher', 'frozen'),
    *('buffers', 'saved', 'peak'),
)
ADDED = dict(none='', blda=' + BLDA')
COLOURS = dict(none='#999999', blda='#0072B2')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        choices=(*METHODS, REFERENCE),
        default=(*METHODS, REFERENCE),
    )
    parser.add_argument('--backbone', choices=NETS, default='mit-b0')
    parser.add_argument(
        '--size',
        type=int,
        help='side of the crop, for all methods; by default that of their '
        'configs,\n1024 for hrda and mic and 512 for the others',
    )
    parser.add_argument(
        '--batch', type=int, default=2, help='images of each domain'
    )
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument(
        '--precision', nargs='+', choices=PRECISIONS, default=['float32']
    )
    parser.add_argument(
        '--compile', action='store_true', help='and with torch.compile'
    )
    parser.add_argument('--channels-last', action='store_true')
    parser.add_argument(
        '--with-cp', action='store_true', help='activation checkpointing'
    )
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu'
    )
    parser.add_argument(
        '--count', action='store_true', help='count bytes, run nothing'
    )
    parser.add_argument(
        '--out', type=Path, metavar='FOLDER', help='for the JSON and the plot'
    )
    return parser.parse_args()


def timed_groups(args: argparse.Namespace) -> list[list[Case]]:
    """Cases of each method; the first one is its base."""
    size = dict(net=args.backbone, size=args.size, images=args.batch)
    groups = []
    for method in METHODS:
        cases = [
            Case(
                method,
                balance,
                precision,
                compiled,
                args.channels_last,
                args.with_cp,
                **size,
                device=args.device,
            )
            for compiled in ((False, True) if args.compile else (False,))
            for precision in args.precision
            for balance in ('none', 'blda')
            if method in args.methods
        ]
        if method == 'daformer' and REFERENCE in args.methods:
            cases.insert(0, Case(REFERENCE, **size, device=args.device))
        if cases:
            groups.append(cases)
    return groups


def time_group(cases: list[Case], repeats: int) -> list[dict]:
    """Rows of a method."""
    times = alternate(
        [make_step(*case) for case in cases], repeats, cases[0].device
    )
    gc.collect()  # the models are gone before memory is measured
    return [
        dict(
            case._asdict(),
            seconds=seconds,
            ratio=ratio,
            peak_mb=peak_memory(make_step, case),
        )
        for case, (seconds, ratio) in zip(cases, times, strict=True)
    ]


def count_cases(args: argparse.Namespace) -> list[Case]:
    """Cases that are counted."""
    return [
        Case(
            method,
            balance,
            with_cp=with_cp,
            net=args.backbone,
            size=args.size,
            images=args.batch,
        )
        for method in (*METHODS, REFERENCE)
        if method in args.methods
        for balance in ('none', 'blda')[: 1 if method == REFERENCE else 2]
        for with_cp in ((False,) if method == REFERENCE else (False, True))
    ]


def mode(row: dict) -> str:
    """How a case runs, in words."""
    extras = ('compiled', 'channels_last', 'with_cp')
    return ', '.join([row['precision'], *(k for k in extras if row[k])])


def cells(row: dict) -> list[str]:
    """A row of either table."""
    blda = 'yes' if row['balance'] == 'blda' else 'no'
    if 'seconds' not in row:
        sizes = [f'{row[name] / MB:.0f}' for name in COUNTED]
        return [row['method'], blda, 'yes' if row['with_cp'] else 'no', *sizes]
    return [
        *(row['method'], blda, mode(row), f'{row["seconds"]:.3f}'),
        *(f'{row["ratio"]:.3f}', f'{row["peak_mb"]:.0f}'),
    ]


def plot(rows: list[dict], file: Path) -> None:
    """Draw a bar a row: time, and peak memory."""
    figure = Figure(figsize=(10, 1.2 + 0.3 * len(rows)), layout='constrained')
    names = [
        f'{r["method"]}{ADDED[r["balance"]]}, {mode(r)}'.replace('_', ' ')
        for r in rows
    ]
    colours = [COLOURS[row['balance']] for row in rows]
    axes = figure.subplots(1, 2, sharey=True)
    for axis, key, title in zip(
        axes, ('seconds', 'peak_mb'), ('s / iteration', 'peak MB'), strict=True
    ):
        bars = axis.barh(range(len(rows)), [r[key] for r in rows], 0.7)
        for bar, colour in zip(bars, colours, strict=True):
            bar.set_color(colour)
        axis.bar_label(bars, fmt='%.3g', padding=3, fontsize=8)
        axis.margins(x=0.15)
        axis.set_title(title, fontsize=10)
        axis.spines[['top', 'right']].set_visible(False)
    axes[0].set_yticks(range(len(rows)), names, fontsize=9)
    axes[0].invert_yaxis()
    FigureCanvasAgg(figure).print_png(file)


def save(rows: list[dict], about: dict, args: argparse.Namespace) -> None:
    """Write what there is so far."""
    args.out.mkdir(parents=True, exist_ok=True)
    kind = 'count' if args.count else args.device.partition(':')[0]
    text = json.dumps(dict(machine=about, rows=rows), indent=1) + '\n'
    write_atomically(args.out / f'steps_{kind}.json', text.encode())
    if not args.count:
        plot(rows, args.out / f'steps_{kind}.png')


def main() -> None:
    """Measure or count, print the table, write JSON and plot."""
    args = parse_args()
    torch.backends.cudnn.benchmark = True  # as in the configs
    if args.count:
        about = dict(torch=torch.__version__)
        header = ('method', 'BLDA', 'with_cp', *(f'{k} MB' for k in COUNTED))
        groups = [[case] for case in count_cases(args)]
    else:
        about = machine(args.device)
        header, groups = HEADER, timed_groups(args)
    print(', '.join(f'{k}: {v}' for k, v in about.items()))
    print('| ' + ' | '.join(header) + ' |')
    print('| --- ' * len(header) + '|')
    rows: list[dict] = []
    for cases in groups:
        if args.count:
            new = [dict(c._asdict(), **count_step(c)) for c in cases]
        else:
            new = time_group(cases, args.repeats)
        for row in new:
            print('| ' + ' | '.join(cells(row)) + ' |', flush=True)
        rows += new
        if args.out:
            save(rows, about, args)


if __name__ == '__main__':
    sys.exit(main())
