"""Schedules of the small networks, chosen on source images alone.

    python tools/benchmarks/source_rates.py --set toy --rates 1e-3 2e-3
    python tools/benchmarks/source_rates.py --set camvid --iterations 1000 2000

Trains source only at each rate and length, the decay fitted to the length,
and scores it once, at its end, on source images that no training has: the
source's own validation set, of toy streets 40 that the generator draws for
it. No image of the target is looked at. Each run leaves a small JSON in --out,
which is not repeated.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from prettytable import PrettyTable

from mmseg_balance.datasets.files.label_images import write_png
from mmseg_balance.datasets.toy_streets import (
    ToyStreets,
    draw_street,
    generate_toy_streets,
)
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.demo.reading import num_learnt
from mmseg_balance.runs.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
STREETS = ROOT / 'data/toy_streets'
HELD_OUT_STREETS = 'work_dirs/source_rates/toy_held_out'
NUM_HELD_OUT = 40
ARGUMENTS = ('--channels-last',)
CONFIG = 'configs/source_only/source_only_lite0_{}.py'
# config, and where its held-out source images lie
SETS = {
    'toy': (
        CONFIG.format('500_toy2toy-128x128'),
        dict(type='GTADataset', data_root=HELD_OUT_STREETS),
        dict(img_path='images', seg_map_path='labels'),
    ),
    'camvid': (
        CONFIG.format('2k_camvid-day2camvid-dusk-192x192'),
        dict(data_root='data/camvid/day'),
        {},
    ),
    'camvid2iddlite': (
        CONFIG.format('2k_camvid2iddlite-192x192'),
        {},
        dict(img_path='source/images/val', seg_map_path='source/labels/val'),
    ),
    'carrots': (
        CONFIG.format('2k_carrots-rgb2nir-256x256'),
        {},
        dict(img_path='source/images/val', seg_map_path='source/labels/val'),
    ),
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--set', choices=SETS, required=True)
    parser.add_argument(
        '--config',
        type=Path,
        metavar='FILE',
        help="in place of the set's own, for another network",
    )
    parser.add_argument(
        '--rates', nargs='+', type=float, default=[5e-4, 1e-3, 2e-3, 4e-3]
    )
    parser.add_argument('--batch-size', type=int, default=2)
    parser.add_argument(
        '--iterations', nargs='+', type=int, help="by default the config's"
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--out',
        type=Path,
        default=ROOT / 'docs/benchmarks/source_rates',
        metavar='FOLDER',
    )
    args = parser.parse_args()
    if args.config is not None and not args.config.is_file():
        parser.error(f'--config: no file {args.config}')
    return args


def draw_held_out(folder: Path) -> None:
    """Draw source streets that are in no training."""
    for i in range(NUM_HELD_OUT):
        file = folder / f'images/{i + 1:05d}.png'
        if not file.is_file():
            image, label = draw_street('source', 'val', i, ToyStreets())
            write_png(folder / f'labels/{file.stem}_labelTrainIds.png', label)
            write_png(file, image)


def held_out_options(name: str) -> dict[str, str]:
    """Overrides by which a test is of held-out source images."""
    _, settings, prefix = SETS[name]
    start = 'test_dataloader.dataset'
    return {f'{start}.{key}': value for key, value in settings.items()} | {
        f'{start}.data_prefix.{key}': value for key, value in prefix.items()
    }


def experiment(
    name: str,
    rate: float,
    iterations: int | None,
    batch_size: int,
    seed: int,
    config: Path | None = None,
) -> Experiment:
    """A run of the table.

    Args:
        name: One of ``SETS``.
        rate: Learning rate.
        iterations: Length, None for the config's.
        batch_size: Of the source.
        seed: Seed.
        config: In place of the set's own.
    """
    if config is None:
        config = SETS[name][0]
    else:
        name = f'{name}_{config.stem}'
    options: dict[str, Any] = {
        'optim_wrapper.optimizer.lr': rate,
        'train_dataloader.batch_size': batch_size,
    }
    if iterations is not None:
        options |= {
            'train_cfg.max_iters': iterations,
            'param_scheduler.1.end': iterations,
        }
    end = iterations or Config.fromfile(ROOT / config).train_cfg.max_iters
    options['train_cfg.val_interval'] = end + 1  # labels of the target rest
    length = '' if iterations is None else f'_{iterations}'
    return Experiment(
        ROOT,
        config,
        ROOT / 'work_dirs/source_rates',
        options,
        seed,
        f'{name}_lr{rate:g}_batch{batch_size}{length}_seed{seed}',
        ARGUMENTS,
    )


def finish(run: Experiment, name: str, out: Path) -> Mapping[str, Any]:
    """Scores of a run, made where they are not there."""
    file = out / f'{run.folder.name}.json'
    if not file.is_file():
        run.train(
            ARGUMENTS, on_line=lambda line: print(line, end='', flush=True)
        )
        scores = run.test(options=held_out_options(name))
        scores = {k: round(v, 4) for k, v in scores.items() if 'time' not in k}
        data = run.record | dict(student=scores)
        write_atomically(file, (json.dumps(data, indent=1) + '\n').encode())
    return json.loads(file.read_text())['student']


def main() -> None:
    """Train and test each, and print the table."""
    args = parse_args()
    if args.set == 'toy':
        generate_toy_streets(STREETS, ToyStreets(num_second=0))
        draw_held_out(ROOT / HELD_OUT_STREETS)
    table = PrettyTable(
        ['rate', 'iterations', 'mIoU', 'mAcc', 'classes above 5 IoU', 'lowest']
    )
    for iterations in args.iterations or [None]:
        for rate in args.rates:
            run = experiment(
                args.set,
                rate,
                iterations,
                args.batch_size,
                args.seed,
                args.config and args.config.resolve(),
            )
            scores = finish(run, args.set, args.out.resolve())
            classes = {
                k[4:]: v for k, v in scores.items() if k.startswith('IoU.')
            }
            lowest = min(classes, key=classes.get)
            table.add_row(
                [
                    f'{rate:g}',
                    run.cfg.train_cfg.max_iters,
                    *(f'{scores[key]:.1f}' for key in ('mIoU', 'mAcc')),
                    f'{num_learnt(scores, classes)} of {len(classes)}',
                    f'{lowest} ({classes[lowest]:.1f})',
                ]
            )
    print(table)


if __name__ == '__main__':
    main()
