"""``mmseg-balance checkpoint convert``."""

import shlex
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ..exits import clear_exit

if TYPE_CHECKING:
    from ...checkpoints.public.conversion import Converted

DESCRIPTION = """\
Convert a checkpoint of DAFormer, HRDA, MIC, BLDA or EDAPS (MMSegmentation
0.16), or an ImageNet file of a MiT, for `test` and mmseg.apis.init_model.
"""
EXAMPLE = """\
example:
  mmseg-balance checkpoint convert iter_40000_relevant.pth daformer.pth
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
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


def run(args: Namespace) -> None:
    """Convert, write, and report."""
    from ...checkpoints.public.checkpoint_layout import (
        check_target,
        save_checkpoint,
    )
    from ...checkpoints.public.conversion import convert_checkpoint
    from ...configuration.reading import load_config
    from ...progress import progress_bar

    with clear_exit():
        check_target(args.source, args.out, args.force)
        cfg = load_config(args.config) if args.config else None
        with progress_bar('convert', 2, 'steps') as bar:
            converted = convert_checkpoint(args.source, args.part, cfg)
            bar.update()
            save_checkpoint(converted.weights, converted.meta, args.out)
            bar.update()
    report(converted, args)


def report(converted: 'Converted', args: Namespace) -> None:
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


def report_evaluation(converted: 'Converted', args: Namespace) -> None:
    """Say which config fits, and print the command that evaluates."""
    from mmengine.config import Config

    from ...checkpoints.public.matching_configs import (
        evaluation_model,
        find_config,
        part_options,
    )
    from ...configuration.library import config_folder

    config, options = args.config, []
    if config is None:
        folder = config_folder()
        found = find_config(converted, folder)
        if found is not None:
            config = found[0].relative_to(folder).as_posix()
            options = found[1]
    if config is None:
        model = Config(dict(model=evaluation_model(converted)))
        print(
            'no config of mmseg-balance configs has this network; change '
            f'one for mmseg-balance test to have\n\n{model.pretty_text}'
        )
        return
    command = ['mmseg-balance', 'test', config, args.out]
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
