"""What each balance loss adds to cross entropy, and to a DACS step.

    python tools/benchmarks/balance_overhead.py --out docs/benchmarks/overhead

The loss alone, forward and backward; and whole DACS steps of two images a
domain with EfficientNet-Lite0 and the head of SegFormer. All cases of a group
are timed in alternation. Writes FOLDER/balance_<device>.json.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import torch
from measure import alternate, machine, peak_memory
from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from step_cases import iterate, random_batch

from mmseg_balance.files.writing import write_atomically

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/dacs/dacs_lite0_500_toy2toy-128x128.py'
BASE = 'ce'
# those that take num_classes, and counts in place of a data set
COUNTED = dict(counts='online')
LOSSES = {
    BASE: dict(type='CrossEntropyLoss'),
    'gbw': dict(type='GBWLoss'),
    'gbw-released': dict(type='GBWLoss', mode='released'),
    'gbw-paper': dict(type='GBWLoss', mode='paper'),
    'focal': dict(type='SoftmaxFocalLoss'),
    'inverse-pixel': dict(type='InverseFrequencyLoss', **COUNTED),
    'class-balanced': dict(type='ClassBalancedLoss', **COUNTED),
    'logit-adjustment': dict(type='LogitAdjustmentLoss', **COUNTED),
    'lbw': dict(type='LBWLoss'),
    'seesaw': dict(type='SeesawLoss'),
    'blv': dict(type='BLVLoss', **COUNTED),
    'blda': dict(type='BLDALoss'),
}
WITHOUT_CLASSES = ('CrossEntropyLoss', 'GBWLoss', 'SoftmaxFocalLoss')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--losses', nargs='+', choices=LOSSES, default=LOSSES)
    parser.add_argument('--size', type=int, default=256, help='crop side')
    parser.add_argument('--classes', nargs='+', type=int, default=[19, 150])
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu'
    )
    parser.add_argument(
        '--out', type=Path, metavar='FOLDER', help='for the JSON'
    )
    return parser.parse_args()


def config_of(name: str, num_classes: int) -> dict:
    """Config of a loss."""
    config = dict(LOSSES[name])
    if config['type'] not in WITHOUT_CLASSES:
        config['num_classes'] = num_classes
    return config


def loss_case(
    name: str, num_classes: int, size: int, device: str
) -> Callable[[], None]:
    """Forward and backward of a loss on two images, and its update."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    labels = torch.randint(num_classes, (2, size, size), device=device)
    logits = torch.randn(2, num_classes, size, size, device=device)
    loss = MODELS.build(config_of(name, num_classes)).to(device)

    def run() -> None:
        leaf = logits.detach().requires_grad_()
        loss(leaf, labels, ignore_index=255).backward()
        if hasattr(loss, 'update_statistics'):
            loss.update_statistics()

    return run


def step_case(
    name: str, num_classes: int, size: int, device: str
) -> Callable[[], None]:
    """A whole DACS step with a loss, what its hook does included."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = Config.fromfile(ROOT / CONFIG).model
    segmentor = cfg.segmentor
    segmentor.backbone.init_cfg = None
    segmentor.data_preprocessor.size = (size, size)
    segmentor.decode_head.num_classes = num_classes
    segmentor.decode_head.loss_decode = ConfigDict(
        config_of(name, num_classes)
    )
    model = MODELS.build(cfg).to(device).train()
    model.copy_student()
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    generator = torch.Generator().manual_seed(0)

    def run() -> None:
        iterate(model, random_batch(model, 2, generator), wrapper)

    return run


def main() -> None:
    """Measure, print the table, and write the JSON."""
    args = parse_args()
    names = [BASE, *(name for name in args.losses if name != BASE)]
    about = machine(args.device)
    print(', '.join(f'{k}: {v}' for k, v in about.items()))
    print('| group | loss | seconds | ratio | peak MB | + MB |')
    print('| --- ' * 6 + '|')
    rows = []
    for num_classes in args.classes:
        for kind, make in (('loss', loss_case), ('DACS step', step_case)):
            group = f'{kind}, {args.size} x {args.size}, C={num_classes}'
            cases = [(n, num_classes, args.size, args.device) for n in names]
            times = alternate(
                [make(*case) for case in cases], args.repeats, args.device
            )
            peaks = [peak_memory(make, case) for case in cases]
            for name, (seconds, ratio), peak in zip(
                names, times, peaks, strict=True
            ):
                row = dict(group=group, loss=name, seconds=seconds)
                row |= dict(ratio=ratio, peak_mb=peak)
                rows.append(row | dict(added_mb=peak - peaks[0]))
                print(
                    f'| {group} | {name} | {seconds:.3f} | {ratio:.3f} '
                    f'| {peak:.0f} | {peak - peaks[0]:+.0f} |',
                    flush=True,
                )
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            file = args.out / f'balance_{args.device.partition(":")[0]}.json'
            text = json.dumps(dict(machine=about, rows=rows), indent=1)
            write_atomically(file, f'{text}\n'.encode())


if __name__ == '__main__':
    main()
