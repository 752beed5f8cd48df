"""``mmseg-balance data map-labels``."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from ..exits import clear_exit
from ..options import add_nproc

DESCRIPTION = """\
Replace values in label files: 255 by 1 in masks of 0 and 255, for one.
"""
EXAMPLE = """\
example:
  mmseg-balance data map-labels masks labels 255=1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('folder', type=Path, help='folder of the labels')
    parser.add_argument('out', type=Path, help='folder of the new labels')
    parser.add_argument(
        'mapping', type=_pair, nargs='+', metavar='OLD=NEW', help='255=1'
    )
    parser.add_argument(
        '--suffix',
        default='.png',
        help='what the names of label files end with (default: %(default)s)',
    )
    add_nproc(parser)


def _pair(text: str) -> tuple[int, int]:
    old, _, new = text.partition('=')
    try:
        return int(old), int(new)
    except ValueError:
        raise ArgumentTypeError(
            f'expected OLD=NEW, two whole numbers, found "{text}"'
        ) from None


def run(args: Namespace) -> None:
    """Write the labels that the command line names."""
    from ...datasets.conversion.value_mapping import map_folder

    with clear_exit():
        found = map_folder(
            args.folder, args.out, dict(args.mapping), args.suffix, args.nproc
        )
        shown = ', '.join(f'{v}: {n}' for v, n in found.items())
        print(f'{args.out}: pixels by value {shown}')
