"""Operators of a training step, and the bytes that they write.

    python tools/benchmarks/step_launches.py --methods daformer hrda

On a GPU each operator is a kernel to launch, so that small ones cost by their
number. Nothing runs: the second iteration of each method is counted on the
meta device, in float32, with the operators as the config's optimizer has them
(what a foreach or fused optimizer merges on CUDA counts one by one). Views
are left out. Writes FOLDER/steps_launches.json.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import torch
from measure import MB
from step_cases import METHODS, NETS, Case, build, iterate, random_batch
from step_memory import without_values
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmseg_balance.files.writing import write_atomically

HEADER = ('method', 'BLDA', 'launches', 'written MB')


class Launches(TorchDispatchMode):
    """Counts operators that make a tensor, or write to one.

    Attributes:
        names: How often each was called.
        written: Bytes of their outputs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()
        self.written = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run an operation, and count it."""
        result = function(*args, **(kwargs or {}))
        if not is_view(function):
            self.names[function._schema.name] += 1
            self.written += sum(
                value.numel() * value.element_size()
                for value in tree_leaves(result)
                if isinstance(value, Tensor)
            )
        return result


def is_view(function: torch._ops.OpOverload) -> bool:
    """Whether an operator gives another look at one of its inputs."""
    schema = function._schema
    if schema.name == 'aten::_unsafe_view':  # not declared as one
        return True
    aliases = [r.alias_info for r in schema.returns if r.alias_info]
    return bool(aliases) and not any(alias.is_write for alias in aliases)


def count_launches(case: Case) -> Launches:
    """What the second iteration of a case launches.

    Args:
        case: Its precision and device are not used.
    """
    with without_values():
        model, wrapper = build(case._replace(device='meta'))
        generator = torch.Generator().manual_seed(0)
        for _ in range(2):
            torch.manual_seed(0)
            data = random_batch(model, case.images, generator)
            with Launches() as launches:
                iterate(model, data, wrapper)
    return launches


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--methods', nargs='+', choices=METHODS, default=METHODS
    )
    parser.add_argument('--backbone', choices=NETS, default='mit-b5')
    parser.add_argument(
        '--size', type=int, help='side of the crop; by default the configs'
    )
    parser.add_argument(
        '--batch', type=int, default=2, help='images of each domain'
    )
    parser.add_argument(
        '--out', type=Path, metavar='FOLDER', help='for the JSON'
    )
    return parser.parse_args()


def main() -> None:
    """Count, print the table, write JSON."""
    args = parse_args()
    print('| ' + ' | '.join(HEADER) + ' |')
    print('| --- ' * len(HEADER) + '|')
    rows = []
    for method in args.methods:
        for blda in (False, True):
            case = Case(
                method,
                blda,
                net=args.backbone,
                size=args.size,
                images=args.batch,
            )
            found = count_launches(case)
            total = found.names.total()
            cells = method, 'yes' if blda else 'no', total
            size = f'{found.written / MB:.0f}'
            print('| ' + ' | '.join(map(str, (*cells, size))) + ' |')
            sys.stdout.flush()
            rows.append(
                dict(
                    case._asdict(),
                    launches=total,
                    written=found.written,
                    names=dict(found.names.most_common()),
                )
            )
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dict(torch=torch.__version__, rows=rows), indent=1)
        path = args.out / 'steps_launches.json'
        write_atomically(path, (text + '\n').encode())


if __name__ == '__main__':
    sys.exit(main())
