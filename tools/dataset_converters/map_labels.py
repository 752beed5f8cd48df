"""Replace values in label files: 255 by 1 in masks of 0 and 255, for one.

Usage: python tools/dataset_converters/map_labels.py masks labels 255=1
"""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path

from mmseg_balance.datasets.conversion.converter_cli import (
    add_nproc,
    clear_exit,
)
from mmseg_balance.datasets.conversion.value_mapping import map_folder


def _pair(text: str) -> tuple[int, int]:
    old, _, new = text.partition('=')
    try:
        return int(old), int(new)
    except ValueError:
        raise ArgumentTypeError(
            f'expected OLD=NEW, two whole numbers, found "{text}"'
        ) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Write the labels that the command line names."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
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
    args = parser.parse_args(argv)
    with clear_exit():
        found = map_folder(
            args.folder, args.out, dict(args.mapping), args.suffix, args.nproc
        )
        shown = ', '.join(f'{v}: {n}' for v, n in found.items())
        print(f'{args.out}: pixels by value {shown}')


if __name__ == '__main__':
    main()
