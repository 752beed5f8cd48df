"""``mmseg-balance browse``: what a training would learn from."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserValueError
from .exits import interruptible
from .options import add_cfg_options, add_data_root, add_device

if TYPE_CHECKING:
    from ..inference.training_samples import TrainingSamples

DESCRIPTION = """\
Look at what a training would learn from, before it is started.

Pictures of the source crops and their labels, target crops, and the images
that the method makes of them, as they reach the network. With --checkpoint
also pseudo-labels and their weights, of the teacher in it.
"""
EXAMPLE = """\
examples:
  mmseg-balance browse CONFIG
  mmseg-balance browse CONFIG --checkpoint CHECKPOINT --num 4 --out crops
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config of a training')
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
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def run(args: argparse.Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    from ..configuration.error_lines import build_or_exit
    from ..runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    args.out = args.out or folder / 'browse'
    with interruptible('interrupted'):
        samples = build_or_exit(lambda: build(args), folder)
        build_or_exit(lambda: draw(args, samples), folder)


def build(args: argparse.Namespace) -> 'TrainingSamples':
    """The samples; what is wrong shows here."""
    from mmengine.device import get_device

    from ..configuration.reading import load_config
    from ..inference.training_samples import TrainingSamples
    from ..runs.build import check_required
    from ..runs.out_files import check_out, make_folder

    if args.num < 1:
        raise UserValueError(
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


def draw(args: argparse.Namespace, samples: 'TrainingSamples') -> None:
    """Draw sample after sample."""
    from ..files.writing import write_atomically
    from ..progress import track
    from ..visualization.figures import to_png
    from ..visualization.training_pictures.figure import training_picture

    files = track(names(args.num), 'draw', 'pictures')
    for name, rows in zip(files, samples, strict=False):
        picture = training_picture(rows, samples.classes, samples.palette)
        write_atomically(args.out / name, to_png(picture))
    print(f'wrote {args.num} pictures, sample_000.png and on, to {args.out}')
    few_shot = getattr(samples.dataset, 'few_shot', None)
    if few_shot is not None:
        print(few_shot.note)
