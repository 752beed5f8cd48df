"""``mmseg-balance data flow``: optical flow of the frames of a config."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ...exits import interruptible
from ...options import add_cfg_options, add_data_root, add_nproc

if TYPE_CHECKING:
    from ....runs.data.flow import WrittenFlow

DESCRIPTION = """\
Write the optical flow of each image of a config's videos to the frame before.

Of the data sets that have data_prefix.flow_path, which is where files are
written and a training reads them; by OpenCV's DIS, and back as well, so that
a training knows what was hidden. A repeated command goes on where it stopped.
Without files, a training computes the same flow when it loads images.
"""
EXAMPLE = """\
examples:
  mmseg-balance data flow CONFIG --nproc 8
  mmseg-balance data flow CONFIG --cfg-options \\
      train_dataloader.dataset.target.data_prefix.flow_path=/big/flow
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument(
        '--preset',
        choices=('ultrafast', 'fast', 'medium'),
        default='medium',
        help='of DIS, from fast to good (default: %(default)s)',
    )
    parser.add_argument(
        '--no-reverse',
        action='store_true',
        help='leave out the flow back, in half the time and space: no pixel '
        'counts as hidden then',
    )
    add_cfg_options(parser)
    add_data_root(parser)
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Write the flow, and say where it is."""
    from ....configuration.error_lines import build_or_exit
    from ....runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    with interruptible('interrupted; the same command goes on'):
        written = build_or_exit(lambda: write(args), folder)
    for part in written:
        kept = f', {part.kept} were there' if part.kept else ''
        print(f'{part.key}: flow of {part.new} pairs{kept}: {part.folder}')


def write(args: Namespace) -> 'list[WrittenFlow]':
    """Write the flow of the config that the command line names."""
    from ....configuration.reading import load_config
    from ....runs.data.flow import write_flow_of

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    return write_flow_of(cfg, args.preset, not args.no_reverse, args.nproc)
