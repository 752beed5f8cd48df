"""Write a plain segmentor, as MMSegmentation knows it, from a checkpoint.

python tools/model_converters/export_segmentor.py CONFIG CHECKPOINT OUT
"""

import argparse
import sys
from pathlib import Path

import mmseg_balance  # noqa: F401  (registers everything)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write OUT/config.py and OUT/weights.pth: a segmentor '
        'without the parts that only adaptation needs'
    )
    parser.add_argument('config', help='config file of the training run')
    parser.add_argument('checkpoint', help='checkpoint file of that run')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='which segmentor; by default the one that '
        'model.predict_with of the config names',
    )
    parser.add_argument(
        '--force',
        action='store_true',
        help='replace files of an earlier export',
    )
    return parser.parse_args()


def main() -> None:
    """Export, and say how to use the result."""
    args = parse_args()
    from mmseg_balance.checkpoints.export.segmentor import export_segmentor
    from mmseg_balance.configuration.reading import load_config

    try:
        if not Path(args.checkpoint).is_file():
            raise FileNotFoundError(f'no checkpoint file {args.checkpoint}')
        cfg = load_config(args.config, relocate=False)
        config, weights = export_segmentor(
            cfg, args.checkpoint, args.out, args.part, args.force
        )
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(
        f'wrote {config} and {weights}; use them with\n'
        f"  mmseg.apis.init_model('{config}', '{weights}', device='cpu')"
    )


if __name__ == '__main__':
    main()
