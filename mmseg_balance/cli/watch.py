"""``mmseg-balance watch``."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from .exits import clear_exit

PORT = 8600
DESCRIPTION = """\
Watch a training in a browser: progress, time left, losses, values of classes,
scores and the latest pictures, of MMSegmentation's trainings as well.

Reads what the training writes into its work folder, and changes nothing.
Ctrl-C ends it, and not the training.
"""
EXAMPLE = """\
examples:
  mmseg-balance watch work_dirs/my_config
  mmseg-balance watch work_dirs --port 0
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'work_dir',
        type=Path,
        metavar='WORK_DIR',
        help='work folder of a training, which may be still to come, or a '
        'folder with several',
    )
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on (default: %(default)s, which only this '
        'machine reaches; 0.0.0.0 lets in others)',
    )
    parser.add_argument(
        '--port',
        type=_port,
        default=PORT,
        help='port (default: %(default)s); 0 takes one that is free',
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f'expected 0 to 65535, found "{text}"')
    return int(text)


def run(args: Namespace) -> None:
    """Serve until Ctrl-C."""
    from ..runs.watching.run_list import RunList
    from ..runs.watching.server import WatchServer

    with clear_exit():
        runs = RunList(args.work_dir)
        server = WatchServer(runs, args.host, args.port)
    with server:
        if not runs.glance():
            print(
                f'{args.work_dir} has no training yet; it will be shown as '
                'soon as it begins',
                file=sys.stderr,
            )
        print(f'{server.url}\n')
        print(
            'from another machine, under the same address:\n  '
            f'{server.ssh_line}'
        )
        print('\nCtrl-C ends the view, and not the training', flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
