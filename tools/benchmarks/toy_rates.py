"""Learning rates for the small networks, chosen on source images alone.

    python tools/benchmarks/toy_rates.py --rates 1e-3 2e-3

Trains source only on toy streets at each rate and scores it on 40 source
images that no training has: those that the generator draws for the split
`val` of the source. No image of the target is looked at. What is finished is
not repeated.
"""

import argparse
from pathlib import Path

from prettytable import PrettyTable

from mmseg_balance.datasets.files.label_images import write_png
from mmseg_balance.datasets.toy_streets import (
    ToyStreets,
    draw_street,
    generate_toy_streets,
)
from mmseg_balance.runs.demo.reading import num_learnt
from mmseg_balance.runs.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/source_only/source_only_lite0_500_toy2toy-128x128.py'
STREETS, HELD_OUT = ROOT / 'data/toy_streets', 'work_dirs/toy_rates/held_out'
NUM_HELD_OUT = 40


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--rates', nargs='+', type=float, default=[5e-4, 1e-3, 2e-3, 4e-3]
    )
    parser.add_argument('--batch-size', type=int, default=2)
    parser.add_argument('--iterations', type=int, default=500)
    return parser.parse_args()


def draw_held_out(folder: Path) -> None:
    """Draw source images that are in no training."""
    for i in range(NUM_HELD_OUT):
        file = folder / f'images/{i + 1:05d}.png'
        if not file.is_file():
            image, label = draw_street('source', 'val', i, ToyStreets())
            write_png(folder / f'labels/{file.stem}_labelTrainIds.png', label)
            write_png(file, image)


def main() -> None:
    """Train and test at each rate, and print the table."""
    args = parse_args()
    generate_toy_streets(STREETS, ToyStreets(num_second=0))
    draw_held_out(ROOT / HELD_OUT)
    held_out = {
        'test_dataloader.dataset.type': 'GTADataset',
        'test_dataloader.dataset.data_root': HELD_OUT,
        'test_dataloader.dataset.data_prefix.img_path': 'images',
        'test_dataloader.dataset.data_prefix.seg_map_path': 'labels',
    }
    table = PrettyTable(['rate', 'mIoU', 'mAcc', 'classes above 5 IoU'])
    for rate in args.rates:
        options = {
            'optim_wrapper.optimizer.lr': rate,
            'train_dataloader.batch_size': args.batch_size,
            'train_cfg.max_iters': args.iterations,
            'train_cfg.val_interval': args.iterations + 1,
            'param_scheduler.1.end': args.iterations,
        }
        run = Experiment(ROOT, CONFIG, ROOT / 'work_dirs/toy_rates', options)
        run.train(on_line=lambda line: print(line, end=''))
        scores = run.test(options=held_out)
        names = [key[4:] for key in scores if key.startswith('IoU.')]
        learnt = num_learnt(scores, names)
        numbers = [f'{scores[key]:.2f}' for key in ('mIoU', 'mAcc')]
        table.add_row([f'{rate:g}', *numbers, learnt])
    print(table)


if __name__ == '__main__':
    main()
