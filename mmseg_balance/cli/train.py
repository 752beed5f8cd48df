"""``mmseg-balance train``, with the options of MMSegmentation's tool."""

import argparse
import os
from pathlib import Path

from .options import (
    add_cfg_options,
    add_data_root,
    add_processes,
    positive_int,
)

DESCRIPTION = 'Train a model from a config.'
EXAMPLE = """\
examples:
  mmseg-balance train dacs/dacs_r101_40k_gta2cityscapes-512x512.py
  mmseg-balance train my_config.py --gpus 2 --amp \\
      --data-root gta=/data/gta --cfg-options train_cfg.max_iters=20000
  mmseg-balance train my_config.py --resume
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser: Parser of the command.
    """
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; by default '
        'work_dirs/<name of the config file>',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='go on from the latest checkpoint in the work '
        'folder, or from CKPT',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: float16 on an accelerator, bfloat16 on the CPU',
    )
    parser.add_argument(
        '--compile',
        action='store_true',
        help='compile backbones and heads with torch.compile: faster, after '
        'first iterations that take minutes; CompileHook in custom_hooks '
        'has settings',
    )
    parser.add_argument(
        '--channels-last',
        action='store_true',
        help='channels-last memory format for convolutions',
    )
    parser.add_argument(
        '--pictures',
        type=positive_int,
        metavar='N',
        help='draw the first and every Nth iteration: images, labels, '
        'pseudo-labels, mixes and maps, through the backends of the '
        'visualizer; TrainingPicturesHook in custom_hooks has settings',
    )
    parser.add_argument(
        '--class-scalars',
        type=positive_int,
        metavar='N',
        help='write shares of labels and pseudo-labels, confidence, logits '
        'and offsets of each class every N iterations (ClassScalarsHook)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        help='random seed; by default randomness.seed of the config, else 0',
    )
    add_cfg_options(
        parser,
        'train_dataloader.batch_size=4 '
        'model.segmentor.decode_head.loss_decode.tau=0.5',
    )
    add_data_root(parser)
    add_processes(parser)


def run(args: argparse.Namespace) -> None:
    """Train, and say where the results are.

    Args:
        args: Of the command line.

    Raises:
        SystemExit: Something cannot work, or went wrong.
    """
    from .processes import become_processes

    become_processes('train', args)

    from mmengine.dist import is_main_process

    from ..configuration.error_lines import build_or_exit
    from ..runs.training import Training, load_run
    from ..runs.work_dir import (
        default_work_dir,
        latest_checkpoint,
        set_aside_checkpoints,
    )

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    training = Training(
        overrides=args.cfg_options or {},
        resume=args.resume,
        seed=args.seed,
        amp=args.amp,
        compile=args.compile,
        channels_last=args.channels_last,
        pictures=args.pictures,
        class_scalars=args.class_scalars,
        launcher=args.launcher,
    )
    folder = args.work_dir or default_work_dir(args.config)
    cfg = build_or_exit(
        lambda: load_run(
            args.config, args.cfg_options, args.data_root, args.work_dir
        ),
        folder,
    )
    runner, done = build_or_exit(
        lambda: training.build(cfg), cfg.work_dir, cfg
    )
    if done is not None:
        if is_main_process():
            print(f'{cfg.load_from}: {done}')
        return

    if not cfg.get('resume') and is_main_process():
        earlier = set_aside_checkpoints(runner.work_dir)
        if earlier is not None:
            runner.logger.warning(
                'the work folder has checkpoints of an earlier run; they are '
                f'now in {earlier}. To go on with it instead, add '
                f'--resume {latest_checkpoint(earlier)}'
            )

    build_or_exit(runner.train, cfg.work_dir)

    if is_main_process():
        log = Path(runner.log_dir) / f'{runner.timestamp}.log'
        print(f'checkpoint: {latest_checkpoint(runner.work_dir)}  log: {log}')
