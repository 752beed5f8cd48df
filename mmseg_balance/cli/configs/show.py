"""``mmseg-balance configs show``."""

from argparse import ArgumentParser, Namespace

from ..exits import clear_exit
from ..options import add_cfg_options

DESCRIPTION = """\
Print a config with all that its bases say, as a training reads it.
"""
EXAMPLE = """\
examples:
  mmseg-balance configs show dacs/dacs_r101_40k_gta2cityscapes-512x512.py
  mmseg-balance configs show my_config.py --cfg-options train_cfg.max_iters=9
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    add_cfg_options(parser)


def run(args: Namespace) -> None:
    """Print the config."""
    from ...configuration.reading import load_config

    with clear_exit():
        cfg = load_config(args.config, args.cfg_options, relocate=False)
    print(cfg.pretty_text)
