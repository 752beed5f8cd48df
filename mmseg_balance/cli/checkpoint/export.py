"""``mmseg-balance checkpoint export``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...errors import UserFileNotFoundError
from ..exits import clear_exit
from ..options import add_part

DESCRIPTION = """\
Write a plain segmentor, as MMSegmentation knows it, from a checkpoint:
OUT/config.py and OUT/weights.pth, without the parts that only adaptation
needs.
"""
EXAMPLE = """\
example:
  mmseg-balance checkpoint export CONFIG work_dirs/run/iter_40000.pth exported
  mmseg-balance predict exported --input photos --out predictions
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config of the training run')
    parser.add_argument('checkpoint', help='checkpoint file of that run')
    parser.add_argument('out', help='folder to write to')
    add_part(parser)
    parser.add_argument(
        '--force',
        action='store_true',
        help='replace files of an earlier export',
    )


def run(args: Namespace) -> None:
    """Export, and say how to use the result."""
    from ...checkpoints.export.segmentor import export_segmentor
    from ...configuration.reading import load_config

    with clear_exit():
        if not Path(args.checkpoint).is_file():
            raise UserFileNotFoundError(
                f'no checkpoint file {args.checkpoint}'
            )
        cfg = load_config(args.config, relocate=False)
        config, weights = export_segmentor(
            cfg, args.checkpoint, args.out, args.part, args.force
        )
    print(
        f'wrote {config} and {weights}; use them with\n'
        f"  mmseg.apis.init_model('{config}', '{weights}', device='cpu')"
    )
