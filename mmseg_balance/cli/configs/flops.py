"""``mmseg-balance configs flops``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...errors import UserValueError
from ..options import add_cfg_options, add_device

DESCRIPTION = """\
Count the operations of one forward pass of an image, and the parameters that
it uses, of the network of a config. MMSegmentation's get_flops.py reads
configs of plain segmentors alone; this takes those of UDA models too.
"""
EXAMPLE = """\
example:
  mmseg-balance configs flops CONFIG --shape 1024 2048
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='size of the image (default: 1024 2048; of a classifier, that of '
        'its crops)',
    )
    add_device(parser)
    add_cfg_options(parser)


def run(args: Namespace) -> None:
    """Count, and print."""
    from ...configuration.error_lines import build_or_exit
    from ...runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    found = build_or_exit(lambda: count(args), folder)
    print(
        f'{found["height"]} x {found["width"]}: '
        f'{found["flops"] / 1e9:.3f} GFLOPs (multiply-adds), '
        f'{found["params"] / 1e6:.3f} M parameters'
    )


def count(args: Namespace) -> dict[str, int]:
    """Count; what is wrong with the config shows here."""
    from mmengine.device import get_device

    from ...configuration.reading import load_config
    from ...inference.complexity import count_operations, image_size

    if args.shape is not None and min(args.shape) < 1:
        raise UserValueError(
            f'Expected --shape to be two sides in pixels, but got {args.shape}'
        )
    cfg = load_config(args.config, args.cfg_options)
    height, width = args.shape or image_size(cfg)
    device = args.device or get_device()
    found = count_operations(cfg, height, width, device)
    return dict(found, height=height, width=width)
