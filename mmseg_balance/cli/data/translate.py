"""``mmseg-balance translate``: source images in the look of the target."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..exits import interruptible
from ..options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_nproc,
)

if TYPE_CHECKING:
    from ...runs.translation.translate_source import Summary

DESCRIPTION = """\
Write a copy of the source images of a training in the look of its target.

The copy has the names and sizes of the images; `translated_root` of the
source in the config of a training reads it, with the labels of the source. An
interrupted translation goes on when the command is repeated, and gives the
same files.
"""
EXAMPLE = """\
examples:
  mmseg-balance translate CONFIG --out data/gta_fourier
  mmseg-balance translate CONFIG --out data/gta_lab --translator lab
  mmseg-balance translate CONFIG --out data/gta_gan \\
      --translator cyclegan/cyclegan_resnet9_200k_gta2cityscapes-512x512.py \\
      CHECKPOINT
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'config', help='config of a training with a source and a target'
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        metavar='FOLDER',
        help='folder of the copy: a new one, or that of the same command, '
        'which goes on',
    )
    parser.add_argument(
        '--translator',
        nargs='+',
        default=['fourier'],
        metavar='NAME',
        help='fourier (default): low-frequency amplitudes of a target image; '
        'lab: its mean and deviation in LAB; or CONFIG CHECKPOINT of a '
        'translator that was trained (configs/cyclegan)',
    )
    parser.add_argument(
        '--own-size',
        action='store_true',
        help='of a trained translator: translate images at their own size, '
        'where its training resizes them before it crops',
    )
    parser.add_argument(
        '--beta',
        nargs='+',
        type=float,
        metavar='B',
        help='of fourier: share of the shorter side up to which frequencies '
        'are swapped (default: 0.01), or the lowest and highest share, '
        'between which one is drawn for each image',
    )
    parser.add_argument(
        '--source',
        metavar='NAME',
        help='which of several sources: its number from 0, or its name in '
        'source_names',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of what is drawn for each image, the target image above '
        'all (default: 0)',
    )
    add_nproc(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def run(args: Namespace) -> None:
    """Translate, and say how a training reads the copy."""
    from ...configuration.error_lines import build_or_exit
    from ...runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    with interruptible('interrupted; the same command goes on'):
        summary = build_or_exit(lambda: translate(args), folder)
    kept = f', {summary.kept} were there' if summary.kept else ''
    print(f'{summary.translated} images translated{kept}: {args.out}')
    key = f"translated_root='{as_in_a_config(args.out)}'"
    print(
        f'a training reads them by source=dict({key})'
        if args.source is None
        else f'a training reads them by {key} of source {args.source}'
    )


def as_in_a_config(out: Path) -> Path:
    """The folder as a config names it, where data/ may lie elsewhere."""
    from mmengine.config import Config

    from ...configuration.data_roots import relocate_data

    cfg = Config(dict(translated_root=str(out)))
    relocate_data(cfg)
    return out if cfg.translated_root == str(out) else out.absolute()


def translate(args: Namespace) -> 'Summary':
    """Build the translator, and translate."""
    from ...configuration.reading import load_config
    from ...inference.translators.named import build_translator
    from ...runs.translation.translate_source import translate_source

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    translator = build_translator(
        args.translator, args.beta, args.own_size, args.device
    )
    return translate_source(
        cfg, args.out, translator, args.source, args.seed, args.nproc
    )
