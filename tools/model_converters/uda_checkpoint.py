"""Turn a checkpoint of a public UDA repository into one of this package.

python tools/model_converters/uda_checkpoint.py IN OUT
"""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mmseg_balance  # noqa: F401  (registers everything)

if TYPE_CHECKING:
    from mmseg_balance.checkpoints.public.conversion import Converted

ROOT = Path(__file__).resolve().parents[2]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Convert a checkpoint of DAFormer, HRDA, MIC or BLDA '
        '(MMSegmentation 0.16), or an ImageNet file of a MiT, for '
        'tools/test.py and mmseg.apis.init_model'
    )
    parser.add_argument('source', metavar='IN', help='checkpoint to convert')
    parser.add_argument('out', metavar='OUT', help='file to write')
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='convert only that one; by default both, where it has both',
    )
    parser.add_argument(
        '--config',
        help='config of a UDA model whose segmentor the weights must fit; by '
        'default the network is found from the weights',
    )
    parser.add_argument(
        '--force', action='store_true', help='replace OUT where it exists'
    )
    return parser.parse_args()


def report(converted: 'Converted', args: argparse.Namespace) -> None:
    """Say what was found, what was left out, and how to use the result."""
    print(f'{args.source}: {converted.network}')
    for name, count in converted.found.items():
        print(f'  converted: {count} keys of the {name}')
    for reason, count in converted.dropped.items():
        print(f'  left out: {count} keys, {reason}')
    print(f'wrote {args.out}')
    if 'backbone' in converted.found:
        print(
            "load it by backbone.init_cfg=dict(type='Pretrained', "
            f"checkpoint='{args.out}'); FusedMixVisionTransformer takes the "
            'original file as well'
        )
    else:
        report_evaluation(converted, args)


def report_evaluation(
    converted: 'Converted', args: argparse.Namespace
) -> None:
    """Say which config fits, and print the command that evaluates."""
    from mmengine.config import Config

    from mmseg_balance.checkpoints.public.matching_configs import (
        evaluation_model,
        find_config,
        part_options,
    )

    config, options = args.config, []
    if config is None:
        config, options = find_config(converted, ROOT / 'configs') or (
            None,
            [],
        )
    if config is None:
        model = Config(dict(model=evaluation_model(converted)))
        print(
            'no config under configs/ has this network; change one for '
            f'tools/test.py to have\n\n{model.pretty_text}'
        )
        return
    tool = os.path.relpath(ROOT / 'tools' / 'test.py')
    command = ['python', tool, os.path.relpath(config), args.out]
    options = options + part_options(converted)
    if options:
        command += ['--cfg-options', *options]
    print(f'evaluate it by\n  {shlex.join(command)}')
    if len(converted.found) == 2:
        more = '' if options else '--cfg-options '
        print(
            'which scores the student; for the teacher add\n'
            f'  {more}model.predict_with=teacher'
        )


def main() -> None:
    """Convert, write, and report."""
    args = parse_args()
    from mmseg_balance.checkpoints.public.checkpoint_layout import (
        check_target,
        save_checkpoint,
    )
    from mmseg_balance.checkpoints.public.conversion import convert_checkpoint
    from mmseg_balance.configuration.reading import load_config

    try:
        check_target(args.source, args.out, args.force)
        cfg = load_config(args.config) if args.config else None
        converted = convert_checkpoint(args.source, args.part, cfg)
        save_checkpoint(converted.weights, converted.meta, args.out)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    report(converted, args)


if __name__ == '__main__':
    main()
