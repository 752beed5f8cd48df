"""Kernels that a training step launches on a GPU, and the bytes they write.

    python tools/benchmarks/step_launches.py --methods daformer hrda

On a GPU small operators cost by their number. Nothing runs: the second
iteration of each method, with and without a balance method, is counted on the
meta device in float32, by the part of the step.

Optimizers and teacher are counted as CUDA runs them: foreach by default,
fused where a config says so, and one operator over lists of tensors as the
kernels that PyTorch's multi_tensor_apply makes of it (chunks of 65536
elements; up to CUDA 12 320 of them a launch, and 110, 64, 48, 36 or 30
tensors by the number of lists; seven times as many since CUDA 13:
ATen/native/cuda/MultiTensorApply.cuh). Every other operator is one launch,
whatever PyTorch makes of it (a convolution's backward pass is several);
custom operators as well. Views, memory that is only taken, and what runs on
the host are none; copies to the GPU are. 'syncs' are copies to the GPU for
which the host waits. Nothing else makes it wait, or the meta device would
refuse the step, but reading the log, which is left out.
--as-counted counts every operator that is no view as one, wherever it runs.
Writes FOLDER/steps_launches.json and .png.
"""

import argparse
import json
import re
import sys
from contextlib import nullcontext
from pathlib import Path

import torch
from launches.as_cuda import optimizers_as_on_cuda
from launches.costs import is_view
from launches.counting import Launches
from launches.multi_tensor import limits
from launches.parts import told_apart
from launches.report import (
    HEADER,
    compared,
    part_tables,
    plot,
    table,
    total_cells,
)
from step_cases import (
    BALANCES,
    CNN_METHODS,
    METHODS,
    NETS,
    Case,
    build,
    iterate,
    random_batch,
)
from step_memory import without_values

from mmseg_balance.files.writing import write_atomically

__all__ = ['Launches', 'count_launches', 'is_view']


def count_launches(
    case: Case, cuda: str | None = None, as_counted: bool = False
) -> Launches:
    """What the second iteration of a case launches.

    Args:
        case: Its precision and device are not used.
        cuda: Version of CUDA, see :func:`launches.multi_tensor.limits`.
        as_counted: See :class:`launches.counting.Launches`.
    """
    choice = nullcontext() if as_counted else optimizers_as_on_cuda()
    with without_values(), choice:
        model, wrapper = build(case._replace(device='meta'))
        generator = torch.Generator().manual_seed(0)
        for _ in range(2):
            torch.manual_seed(0)
            data = random_batch(model, case.images, generator)
            launches = Launches(limits(cuda), as_counted)
            with told_apart(launches), launches:
                iterate(model, data, wrapper)
    return launches


def row_of(case: Case, found: Launches) -> dict:
    """What the JSON says of a case."""
    return dict(
        case._asdict(),
        **total_of(found),
        parts={name: cost._asdict() for name, cost in found.parts.items()},
        names=dict(found.names.most_common()),
    )


def total_of(found: Launches) -> dict[str, int]:
    """Launches, bytes and waits of a step."""
    return found.total._asdict()


def version(text: str) -> str:
    """A version of CUDA, as a word of the command line."""
    if not re.fullmatch(r'\d+(\.\d+)*', text):
        raise argparse.ArgumentTypeError(f'{text!r} is no version like 12.8')
    return text


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    known = (*METHODS, *CNN_METHODS)
    parser.add_argument(
        '--methods',
        nargs='+',
        choices=known,
        default=known,
        metavar='METHOD',
        help=f'of {", ".join(known)};\ndefault: all',
    )
    parser.add_argument(
        '--balances',
        nargs='+',
        choices=BALANCES,
        default=BALANCES,
        metavar='BALANCE',
        help="of none, ola (BLDA's adjustment alone), blda (with density\n"
        'estimation) and gbw; default: all',
    )
    parser.add_argument('--backbone', choices=NETS, default='mit-b5')
    parser.add_argument(
        '--size', type=int, help='side of the crop; by default the configs'
    )
    parser.add_argument(
        '--batch', type=int, default=2, help='images of each domain'
    )
    parser.add_argument(
        '--cuda',
        type=version,
        metavar='VERSION',
        help='by default that of the installed PyTorch',
    )
    parser.add_argument('--as-counted', action='store_true')
    parser.add_argument(
        '--before',
        type=Path,
        metavar='JSON',
        help='an earlier steps_launches.json to compare with',
    )
    parser.add_argument(
        '--out', type=Path, metavar='FOLDER', help='for the JSON and the plot'
    )
    return parser.parse_args()


def main() -> None:
    """Count, print the tables, write JSON and plot."""
    args = parse_args()
    # what is not there is known before minutes of counting
    before = json.loads(args.before.read_text())['rows'] if args.before else []
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    about = dict(
        torch=torch.__version__,
        cuda=args.cuda or torch.version.cuda,
        as_counted=args.as_counted,
    )
    print(', '.join(f'{k}: {v}' for k, v in about.items()))
    print(table(HEADER, []))
    rows: list[dict] = []
    for method in args.methods:
        for balance in args.balances:
            case = Case(
                method,
                balance,
                net=args.backbone,
                size=args.size,
                images=args.batch,
            )
            found = count_launches(case, args.cuda, args.as_counted)
            rows.append(row_of(case, found))
            cells = total_cells(rows[-1], rows)
            print('| ' + ' | '.join(cells) + ' |', flush=True)
    print('\n' + part_tables(rows))
    if before:
        print('\n' + compared(rows, before))
    if args.out:
        text = json.dumps(dict(about, rows=rows), indent=1) + '\n'
        path = args.out / 'steps_launches.json'
        write_atomically(path, text.encode())
        plot(rows, path.with_suffix('.png'))


if __name__ == '__main__':
    sys.exit(main())
