"""Operations and parameters of the network of a config, of UDA models too.

python tools/analysis_tools/get_flops.py CONFIG --shape 1024 2048

MMSegmentation's tool of this name reads configs of plain segmentors alone.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

import mmseg_balance  # noqa: F401  (registers everything)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Count the operations of one forward pass of an image, '
        'and the parameters that it uses'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        default=[1024, 2048],
        metavar=('HEIGHT', 'WIDTH'),
        help='size of the image (default: 1024 2048)',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0'")
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override keys of the config; lists as key="[a,b]" or key=a,b',
    )
    return parser.parse_args()


def count(args: argparse.Namespace) -> dict[str, int]:
    """Count; what is wrong with the config shows here."""
    from mmengine.device import get_device

    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.inference.complexity import count_operations

    if min(args.shape) < 1:
        raise ValueError(
            f'Expected --shape to be two sides in pixels, but got {args.shape}'
        )
    cfg = load_config(args.config, args.cfg_options)
    return count_operations(cfg, *args.shape, args.device or get_device())


def main() -> None:
    """Count, and print."""
    args = parse_args()
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    found = build_or_exit(lambda: count(args), folder)
    height, width = args.shape
    print(
        f'{height} x {width}: {found["flops"] / 1e9:.3f} GFLOPs '
        f'(multiply-adds), {found["params"] / 1e6:.3f} M parameters'
    )


if __name__ == '__main__':
    main()
