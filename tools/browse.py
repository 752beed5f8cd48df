"""Look at what a training would learn from, before it is started.

python tools/browse.py CONFIG

Source crops and their labels, target crops, and the images that the method
makes of them, as they reach the network. With --checkpoint also
pseudo-labels and their weights, of the teacher in it.
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Pictures of the crops, mixed images, labels and weights '
        'of the first iterations of a training'
    )
    parser.add_argument('config', help='config file of a training')
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        help='whose teacher gives pseudo-labels; a checkpoint of a segmentor '
        'is taken for the teacher',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='folder for the pictures; by default '
        'work_dirs/<name of the config file>/browse',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace pictures in FOLDER'
    )
    parser.add_argument(
        '--num',
        type=int,
        default=8,
        metavar='N',
        help='number of samples, a picture each (default: 8)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the training (default: 0)'
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0'")
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override keys of the config; lists as key="[a,b]" or key=a,b',
    )
    add_data_root(parser)
    return parser.parse_args()


def build(args: argparse.Namespace):
    """The samples; what is wrong shows here."""
    from mmengine.device import get_device

    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.inference.training_samples import TrainingSamples
    from mmseg_balance.runs.build import check_required
    from mmseg_balance.runs.out_files import check_out, make_folder

    if args.num < 1:
        raise ValueError(
            f'Expected --num to be at least 1, but got {args.num}'
        )
    check_out(args.out, names(args.num), args.overwrite)
    cfg = load_config(args.config, args.cfg_options, args.data_root)
    check_required(cfg)
    samples = TrainingSamples(
        cfg, args.checkpoint, args.seed, args.device or get_device()
    )
    if args.checkpoint and not samples.has_labels:
        print(
            f'--checkpoint {args.checkpoint} is not used: no teacher labels '
            f'target images in a {cfg.model.type}',
            file=sys.stderr,
        )
    make_folder(args.out)
    return samples


def names(num: int) -> list[str]:
    """Names of the pictures."""
    return [f'sample_{i:03}.png' for i in range(num)]


def draw(args: argparse.Namespace, samples) -> None:
    """Draw sample after sample."""
    from tqdm import tqdm

    from mmseg_balance.files.writing import write_atomically
    from mmseg_balance.visualization.training_figure import training_figure

    meta = samples.dataset.metainfo
    files = tqdm(names(args.num), unit='picture')
    for name, rows in zip(files, samples, strict=False):
        picture = training_figure(rows, meta['classes'], meta['palette'])
        write_atomically(args.out / name, picture)
    print(f'wrote {args.num} pictures, sample_000.png and on, to {args.out}')


def main() -> None:
    """Draw, and say what is wrong in one line."""
    args = parse_args()
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    args.out = args.out or folder / 'browse'
    samples = build_or_exit(lambda: build(args), folder)
    build_or_exit(lambda: draw(args, samples), folder)


if __name__ == '__main__':
    main()
