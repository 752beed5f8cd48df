"""What aligning features of objects adds to a step of PHFA.

    python tools/benchmarks/alignment_cost.py
    python tools/benchmarks/alignment_cost.py --sizes 256 --no-time

PHFA on DeepLabV2 with ResNet-101, one image of each domain, without and with
its feature_alignment. First kernels that a step launches on a GPU, bytes they
write, and times that the host waits for it within the step, counted on the
meta device (see step_launches.py). Then, on this machine's CPU, processor time
of whole steps in alternation; and of finding objects in one map of predictions
at a time, by SciPy and by the propagation that other devices use.
"""

import argparse
import sys
import time

import torch
from launches.report import table
from measure import alternate, machine
from step_cases import Case, make_step
from step_launches import count_launches
from torch.nn import functional as F

from mmseg_balance.models.uda.alignment.components import (
    component_roots,
    propagated_roots,
)

METHODS = {'without': 'phfa-outputs', 'with': 'phfa'}
LAUNCHES = ('crop', 'alignment', 'launches', 'written MB', 'waits', 'added')
PARTS = ('kept features', 'objects', 'alignment')
STEPS = ('crop', 'alignment', 'CPU s', 'ratio')
MAPS = ('map', 'SciPy ms', 'propagation ms')
THINGS = (5, 6, 7, *range(11, 19))
# of features at 512 x 512, 1024 x 512 and 1280 x 720, stride 8
SHAPES = ((64, 64), (64, 128), (90, 160))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--sizes', type=int, nargs='+', default=[512, 1024], help='of crops'
    )
    parser.add_argument(
        '--time-size', type=int, default=256, help='of the crop that is timed'
    )
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument(
        '--no-time', action='store_true', help='count launches alone'
    )
    return parser.parse_args()


def launch_rows(size: int) -> list[tuple]:
    """What a step launches, without and with the alignment."""
    rows, before = [], None
    for name, method in METHODS.items():
        found = count_launches(Case(method, size=size, images=1))
        launches, written, waits = found.total
        added = ''
        if before is not None:
            parts = (f'{found.parts[p].launches} {p}' for p in PARTS)
            added = f'{launches - before} ({", ".join(parts)})'
        before = launches
        megabytes = f'{written / 2**20:.0f}'
        rows.append((size, name, launches, megabytes, waits, added))
    return rows


def step_rows(size: int, repeats: int) -> list[tuple]:
    """Processor time of a step, without and with the alignment."""
    steps = [
        make_step(*Case(method, size=size, images=1))
        for method in METHODS.values()
    ]
    times = alternate(steps, repeats, 'cpu', clock=time.process_time)
    return [
        (size, name, f'{seconds:.2f}', f'{ratio:.3f}')
        for name, (seconds, ratio) in zip(METHODS, times, strict=True)
    ]


def map_row(height: int, width: int, repeats: int) -> tuple:
    """Processor time of finding the objects of a map."""
    generator = torch.Generator().manual_seed(0)
    blobs = torch.randn(1, 19, height // 8, width // 8, generator=generator)
    classes = F.interpolate(blobs, (height, width), mode='bicubic').argmax(1)
    things = torch.tensor(THINGS)
    times = alternate(
        [
            lambda: component_roots(classes, things),
            lambda: propagated_roots(classes, things),
        ],
        repeats,
        'cpu',
        clock=time.process_time,
    )
    scipy, propagated = (f'{1000 * seconds:.1f}' for seconds, _ in times)
    return f'{height} x {width}', scipy, propagated


def main() -> None:
    """Count, time, print the tables."""
    args = parse_args()
    rows = [row for size in args.sizes for row in launch_rows(size)]
    print(table(LAUNCHES, rows))
    if args.no_time:
        return
    print(', '.join(f'{k}: {v}' for k, v in machine('cpu').items()))
    print(table(STEPS, step_rows(args.time_size, args.repeats)))
    rows = [map_row(*shape, args.repeats) for shape in SHAPES]
    print(table(MAPS, rows))


if __name__ == '__main__':
    sys.exit(main())
