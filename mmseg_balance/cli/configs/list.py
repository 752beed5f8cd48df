"""``mmseg-balance configs list``."""

from argparse import ArgumentParser, Namespace

from ...errors import UserValueError
from ..exits import clear_exit

DESCRIPTION = """\
Names of the configs that come with the package, one a line, with what their
first line says of them. `train`, `test` and the others take such a name in
the place of a file.
"""
EXAMPLE = """\
examples:
  mmseg-balance configs --grep blda
  mmseg-balance configs list --grep gta2cityscapes
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        '--grep',
        default='',
        metavar='WORD',
        help='only those whose names have it, in upper or lower case',
    )


def run(args: Namespace) -> None:
    """Print the names.

    Raises:
        SystemExit: 1 where there is none, as grep ends.
    """
    from ...configuration.library import config_names, config_title

    with clear_exit():
        names = config_names(args.grep)
        if not names:
            raise UserValueError(
                f'no config has {args.grep!r} in its name: mmseg-balance '
                'configs lists all'
            )
        width = max(map(len, names))
        for name in names:
            print(f'{name:{width}}  {config_title(name)}'.rstrip())
