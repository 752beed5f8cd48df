"""What BLDA adds to a loss and to a training step: time and peak memory.

    python tools/benchmarks/blda_overhead.py --out work_dirs/blda_overhead.json

Cases are run in turn, again and again, and medians are compared, so that what
else the machine does falls on all of them alike. Peak memory is that of a
process of its own for each case on the CPU (Linux), and of the allocator on
CUDA.
"""

import argparse
import json
import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

import mmseg_balance  # noqa: F401  (registers everything)

ROOT = Path(__file__).resolve().parents[2]
STEP_CONFIG = 'configs/dacs/dacs_{}lite0_500_camvid-day2camvid-dusk-256x256.py'
MB = 2**20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--sizes', nargs='+', type=int, default=[256, 512])
    parser.add_argument('--classes', nargs='+', type=int, default=[11, 19])
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu'
    )
    parser.add_argument('--no-step', action='store_true', help='losses alone')
    parser.add_argument('--out', type=Path, help='JSON file')
    return parser.parse_args()


def loss_case(kind: str, size: int, num_classes: int, device: str) -> Callable:
    """Forward and backward of a loss on a batch of two.

    Args:
        kind: 'ce', 'source' or 'mixed'; the latter two of BLDALoss with
            fitted statistics, their update included.
        size: Side of the crop.
        num_classes: Number of classes.
        device: Where to run.
    """
    init_default_scope('mmseg')
    torch.manual_seed(0)
    labels = torch.randint(num_classes, (2, size, size), device=device)
    logits = torch.randn(2, num_classes, size, size, device=device)
    mask = torch.rand(labels.shape, device=device) < 0.5
    cfg = dict(type='CrossEntropyLoss')
    if kind != 'ce':
        cfg = dict(type='BLDALoss', num_classes=num_classes)
    loss = MODELS.build(cfg).to(device)
    extra = dict(target_mask=mask) if kind == 'mixed' else {}

    def run() -> None:
        leaf = logits.detach().requires_grad_()
        loss(leaf, labels, ignore_index=255, **extra).backward()
        if kind != 'ce':
            loss.update_statistics()

    if kind != 'ce':
        loss(logits, labels)
        loss.update_statistics()
    return run


def step_case(kind: str, device: str) -> Callable:
    """A whole DACS step of the CamVid config, batch of two.

    Args:
        kind: 'dacs', 'blda' or 'blda + density'.
        device: Where to run.
    """
    init_default_scope('mmseg')
    torch.manual_seed(0)
    name = STEP_CONFIG.format('' if kind == 'dacs' else 'blda_')
    cfg = Config.fromfile(ROOT / name)
    cfg.model.segmentor.backbone.init_cfg = None
    if kind == 'blda + density':
        cfg.model.density_estimation = {}
    model = MODELS.build(cfg.model).to(device).train()
    model.copy_student()
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    height, width = model.data_preprocessor.size

    def branch(labelled: bool) -> dict:
        samples = [SegDataSample() for _ in range(2)]
        for sample in samples if labelled else []:
            sample.gt_sem_seg = PixelData(
                data=torch.randint(model.num_classes, (1, height, width))
            )
        images = [
            torch.randint(255, (3, height, width), dtype=torch.uint8)
            for _ in range(2)
        ]
        return dict(inputs=images, data_samples=samples)

    def run() -> None:
        data = dict(source=branch(True), target=branch(False))
        model.train_step(data, wrapper)
        loss = model.student.decode_head.loss_decode
        if kind != 'dacs':
            loss.update_statistics()
        model.update_teacher(5)

    return run


def timed(run: Callable, device: str) -> float:
    """Seconds of one call."""
    if device != 'cpu':
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device != 'cpu':
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _peak_rss(make: Callable, args: tuple, queue) -> None:
    run = make(*args)
    run()
    # Linux: the peak so far, imports among it, is forgotten
    Path('/proc/self/clear_refs').write_text('5')
    before = _memory('VmRSS')
    run()
    queue.put((_memory('VmHWM') - before) / MB)


def _memory(key: str) -> int:
    status = Path('/proc/self/status').read_text()
    line = next(x for x in status.splitlines() if x.startswith(key))
    return int(line.split()[1]) * 1024


def peak_memory(make: Callable, args: tuple) -> float:
    """MB that a case needs beyond what it starts with."""
    if args[-1] == 'cpu' and not Path('/proc/self/clear_refs').exists():
        return float('nan')
    if args[-1] != 'cpu':
        run = make(*args)
        run()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return (torch.cuda.max_memory_allocated() - before) / MB
    context = multiprocessing.get_context('spawn')
    queue = context.Queue()
    process = context.Process(target=_peak_rss, args=(make, args, queue))
    process.start()
    peak = queue.get()
    process.join()
    return peak


def compare(make: Callable, cases: list[tuple], repeats: int) -> list[dict]:
    """Time cases in alternation; the first one is what others are held to."""
    runs = [make(*case) for case in cases]
    for run, case in zip(runs, cases, strict=True):
        timed(run, case[-1])  # warm-up
    times: list[list[float]] = [[] for _ in cases]
    for _ in range(repeats):
        for run, case, seconds in zip(runs, cases, times, strict=True):
            seconds.append(timed(run, case[-1]))
    base = statistics.median(times[0])
    rows = []
    for case, seconds in zip(cases, times, strict=True):
        median = statistics.median(seconds)
        rows.append(
            dict(
                case=' '.join(str(part) for part in case[:-1]),
                seconds=median,
                ratio=median / base,
                peak_mb=peak_memory(make, case),
            )
        )
    return rows


def main() -> None:
    """Measure, print a table, write the JSON."""
    args = parse_args()
    groups = [
        (
            loss_case,
            [
                (kind, size, classes, args.device)
                for kind in ('ce', 'source', 'mixed')
            ],
        )
        for size in args.sizes
        for classes in args.classes
    ]
    if not args.no_step:
        kinds = ('dacs', 'blda', 'blda + density')
        groups.append((step_case, [(kind, args.device) for kind in kinds]))
    rows = []
    print(f'{"case":24}{"seconds":>10}{"ratio":>8}{"peak MB":>10}')
    for make, cases in groups:
        for row in compare(make, cases, args.repeats):
            rows.append(row)
            print(
                f'{row["case"]:24}{row["seconds"]:10.3f}{row["ratio"]:8.2f}'
                f'{row["peak_mb"]:10.0f}',
                flush=True,
            )
    if args.out:
        machine = dict(
            device=args.device,
            threads=torch.get_num_threads(),
            torch=torch.__version__,
            processor=platform.processor() or platform.machine(),
        )
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(dict(machine=machine, rows=rows)))


if __name__ == '__main__':
    main()
