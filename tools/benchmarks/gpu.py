"""Everything that needs a GPU, in ten minutes at most; gpu.sh calls it.

    tools/benchmarks/gpu.sh --out work_dirs/gpu --minutes 10

Part by part, in the order of their worth: fused kernels against plain
PyTorch; whether an iteration waits for the GPU; steps of DAFormer, DACS, HRDA,
MIC and CDAC without and with BLDA in float32, with TF32, in mixed precision,
compiled and with channels last, and of DAFormer beside MMSegmentation's own
MiT; NCCL on one rank; a short training on CamVid (its folder camvid/ in
MMSEG_BALANCE_DATA). Each part is a process with a limit of its own, and writes
FOLDER/<part>.json; FOLDER/tables.md has all that is there. What did not fit is
said, and the same command goes on with it: a part whose file is there is left
out as long as the code, the options and the GPU are the same.

Without CUDA the same parts run on the CPU in small (MiT-B0, crops of 64, one
image), to see that they work: their figures say nothing of a GPU.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

START = time.monotonic()
# a GPU is looked for without touching it, or a fork could not use it
os.environ.setdefault('PYTORCH_NVML_BASED_CUDA_CHECK', '1')

import torch  # noqa: E402  (the minutes count from the start)

if not torch.cuda.is_available():  # before anything imports Triton
    os.environ.setdefault('TRITON_INTERPRET', '1')

from gpu_parts.child import fingerprint, run_in_child, write  # noqa: E402
from gpu_parts.options import Options, small  # noqa: E402
from gpu_parts.parts import MACHINE, PARTS  # noqa: E402
from gpu_parts.report import holds, reason, report  # noqa: E402
from step_cases import NETS  # noqa: E402

from mmseg_balance.files.writing import write_atomically  # noqa: E402

# for the tables, and for processes to end
RESERVE = 10
# limits of parts are those of a GPU: on a CPU, which may be a busy one, longer
PATIENCE = 5


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        default=Path('work_dirs/gpu'),
        help='for JSON files and tables; default: work_dirs/gpu',
    )
    parser.add_argument(
        '--minutes', type=float, default=10, help='for all; default: 10'
    )
    parser.add_argument(
        '--parts',
        nargs='+',
        choices=PARTS,
        default=list(PARTS),
        metavar='NAME',
        help=f'of {", ".join(PARTS)};\ndefault: all',
    )
    parser.add_argument('--backbone', choices=NETS, default='mit-b5')
    parser.add_argument(
        '--size', type=int, help='side of the crop; by default the configs'
    )
    parser.add_argument(
        '--batch', type=int, default=2, help='images of each domain'
    )
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument(
        '--iterations', type=int, default=150, help='of the trainings'
    )
    return parser.parse_args()


def read_options(args: argparse.Namespace) -> Options:
    """Options of the parts; without CUDA, those of a trial in small."""
    root = os.environ.get('MMSEG_BALANCE_DATA')
    options = Options(
        'cuda',
        args.backbone,
        args.size,
        args.batch,
        args.repeats,
        args.iterations,
        Path(root) if root else None,
    )
    if torch.cuda.is_available():
        return options
    print(
        'No CUDA here: the parts run in small on the CPU (MiT-B0, crops of '
        '64, one image), to see that they work; their figures say nothing of '
        'a GPU'
    )
    return small(options)


def find_machine(options: Options, out: Path) -> tuple[dict, str]:
    """What there is, and how processes are started that can use it.

    A fork saves every part its imports. Where one cannot use the GPU, a new
    process can.
    """
    file = out / f'{MACHINE}.json'
    for method in ('fork', 'spawn'):
        result = run_in_child(
            MACHINE, options, file, PARTS[MACHINE].seconds, method=method
        )
        if 'rows' in result:
            break
    return result, method


def read(file: Path, mark: str) -> dict:
    """A result of the same code, options and machine; {} if there is none."""
    if not file.exists():
        return {}
    result = json.loads(file.read_text())
    return result if result.get('fingerprint') == mark else {}


def run_parts(args: argparse.Namespace, options: Options) -> str:
    """Run what is not there yet, as far as the time goes.

    Returns:
        The fingerprint of what is there.
    """
    deadline = START + 60 * args.minutes - RESERVE
    machine, method = find_machine(options, args.out)
    if 'failed' in machine:
        sys.exit(f'{MACHINE}: {machine["failed"]}')
    mark = fingerprint(options, machine['rows'][0]['name'])
    write(args.out / f'{MACHINE}.json', dict(machine, fingerprint=mark))
    for name in args.parts:
        file = args.out / f'{name}.json'
        if name == MACHINE:
            continue
        if 'rows' in read(file, mark):
            print(f'{name}: there already', flush=True)
            continue
        left = deadline - time.monotonic()
        if left < PARTS[name].least:
            print(
                f'{name}: {max(left, 0):.0f} s are left, and it needs '
                f'{PARTS[name].least}; call again to go on',
                flush=True,
            )
            continue
        limit = PARTS[name].seconds * (PATIENCE if options.is_small else 1)
        seconds = min(left, limit)
        result = run_in_child(name, options, file, seconds, mark, method)
        print(f'{name}: {said(result)} ({result["seconds"]} s)', flush=True)
    return mark


def said(result: dict) -> str:
    """What became of a part."""
    if why := reason(result):
        return f'{why}: {result[why]}'
    count = sum(not holds(row) for row in result['rows'])
    return f'{count} of {len(result["rows"])} do NOT hold' if count else 'done'


def main() -> int:
    """Run the parts, and write the tables of all that is there.

    Returns:
        The exit code: 1 where a part failed, or something does not hold.
    """
    args = parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f'--out: {error}. Choose another folder')
    mark = run_parts(args, read_options(args))
    results = {
        name: result
        for name in PARTS
        if (result := read(args.out / f'{name}.json', mark))
    }
    text = report(results) + '\n'
    write_atomically(args.out / 'tables.md', text.encode())
    print('\n' + text)
    return int(
        any(
            'failed' in result or not all(map(holds, result.get('rows', [])))
            for result in results.values()
        )
    )


if __name__ == '__main__':
    # ended from outside, it ends its part, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
