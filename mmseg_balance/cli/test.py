"""``mmseg-balance test``, with the options of MMSegmentation's tool."""

import argparse
import os
from pathlib import Path

from .exits import interruptible
from .options import (
    add_cfg_options,
    add_data_root,
    add_post_hoc,
    add_processes,
)

DESCRIPTION = 'Evaluate a checkpoint on the test set of a config.'
EXAMPLE = """\
examples:
  mmseg-balance test CONFIG work_dirs/my_config/iter_40000.pth
  mmseg-balance test CONFIG CHECKPOINT --gpus 2 --out predictions
  mmseg-balance test CONFIG CHECKPOINT \\
      --post-hoc work_dirs/my_config/logit_statistics.pth --tau 0.5
  mmseg-balance test CONFIG CHECKPOINT --temporal
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser: Parser of the command.
    """
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--work-dir',
        help='folder for the log and the scores; by default '
        'work_dirs/<name of the config file>',
    )
    parser.add_argument(
        '--out',
        metavar='FOLDER',
        help='save the predictions as PNG of class numbers',
    )
    parser.add_argument(
        '--show', action='store_true', help='show the predictions in a window'
    )
    parser.add_argument(
        '--show-dir',
        metavar='FOLDER',
        help='save painted predictions in a folder',
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=2,
        help='seconds between two pictures of --show',
    )
    add_cfg_options(parser)
    add_data_root(parser)
    add_processes(parser)
    parser.add_argument(
        '--tta',
        action='store_true',
        help='test time augmentation: tta_pipeline of the config, or else '
        'each image with its mirror image',
    )
    parser.add_argument(
        '--temporal',
        nargs='?',
        type=int,
        const=True,
        metavar='K',
        help='score temporal consistency, too: each prediction beside that '
        'of the frame whose number is K less, moved by optical flow '
        '(default: previous of the test set, or 1)',
    )
    add_post_hoc(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate, and say where the scores are.

    Args:
        args: Of the command line.

    Raises:
        SystemExit: Something cannot work.
    """
    from .processes import become_processes

    become_processes('test', args)

    from mmengine.dist import is_main_process

    from ..configuration.error_lines import build_or_exit
    from ..runs.evaluation import Evaluation
    from ..runs.training import load_run
    from ..runs.work_dir import default_work_dir

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    evaluation = Evaluation(
        args.checkpoint,
        out=args.out,
        show=args.show,
        show_dir=args.show_dir,
        wait_time=args.wait_time,
        tta=args.tta,
        temporal=args.temporal,
        post_hoc=args.post_hoc,
        tau=args.tau,
        domain=args.domain,
        launcher=args.launcher,
    )
    folder = args.work_dir or default_work_dir(args.config)
    cfg = build_or_exit(
        lambda: load_run(
            args.config, args.cfg_options, args.data_root, args.work_dir
        ),
        folder,
    )
    runner = build_or_exit(lambda: evaluation.build(cfg), cfg.work_dir, cfg)
    with interruptible('interrupted: no scores were written'):
        runner.test()
    if is_main_process():
        scores = Path(runner.log_dir) / runner.timestamp
        print(f'scores: {scores}.json  log: {scores}.log')
