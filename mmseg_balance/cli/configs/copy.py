"""``mmseg-balance configs copy``."""

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...errors import UserFileExistsError, UserValueError
from ..exits import clear_exit
from ..options import add_cfg_options

DESCRIPTION = """\
Write a config of your own that starts from one of the package: a file that
takes all from it, to change keys in; or, with --whole, the text of all keys.
"""
EXAMPLE = """\
examples:
  mmseg-balance configs copy dacs/dacs_r101_40k_gta2cityscapes-512x512.py \\
      my_config.py --cfg-options train_cfg.max_iters=20000
  mmseg-balance configs copy my_config.py whole.py --whole
"""

# folder of parts that are no training by themselves
PARTS = '_base_'


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument(
        '--whole',
        action='store_true',
        help='write all keys, so that the file needs no other',
    )
    parser.add_argument(
        '--force', action='store_true', help='replace OUT where it exists'
    )
    add_cfg_options(parser)


def run(args: Namespace) -> None:
    """Write the file, and say what to do with it."""
    from ...configuration.derived import derive_config
    from ...configuration.library import find_config
    from ...configuration.reading import load_config
    from ...files.writing import write_atomically

    with clear_exit():
        if args.out.suffix != '.py':
            raise UserValueError(
                f'{args.out}: configs are files that end with .py'
            )
        if args.out.exists() and not args.force:
            raise UserFileExistsError(
                f'{args.out} exists: name another file, or replace it with '
                '--force'
            )
        if args.whole:
            cfg = load_config(args.config, args.cfg_options, relocate=False)
            text = f'{cfg.pretty_text}\n'
        else:
            text = derive_config(args.config, args.out, args.cfg_options)
        write_atomically(args.out, text.encode())
        is_part = PARTS in find_config(args.config).parts
    if is_part:
        print(f'wrote {args.out}, a part that {PARTS} of a config names')
        return
    command = shlex.join(['mmseg-balance', 'train', str(args.out)])
    print(f'wrote {args.out}; train it by\n  {command}')
