"""``mmseg-balance reproduce``."""

import shutil
from argparse import ArgumentParser, Namespace

from ..errors import UserValueError
from .exits import clear_exit
from .options import add_data_root

DESCRIPTION = """\
Train and test a row of the paper's tables, and compare the scores.

A repeated command goes on where it stopped. Each seed has a folder of its
own; one that has a run of other settings or data is refused. Scores are those
of the student, as in the paper, whose batch is 2 in all.
"""
EXAMPLE = """\
examples:
  mmseg-balance reproduce --list
  mmseg-balance reproduce gta/daformer+blda --seed 1
  mmseg-balance reproduce gta/daformer+blda --seeds 0 1 2
  mmseg-balance reproduce \\
      phfa/phfa_lite0_few_camvid-day2camvid-dusk-192x192.py --dry-run
  mmseg-balance reproduce gta/hrda+blda --launcher pytorch --gpus 2 \\
      --cfg-options train_dataloader.batch_size=1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'row',
        nargs='?',
        help='name of the row, see --list; or a config, a file or a name of '
        '`configs list`, which is trained with what it builds on, and tested',
    )
    parser.add_argument(
        '--list', action='store_true', help='show rows, configs and scores'
    )
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm'],
        help='how processes are started: one here, several here, or on a '
        'Slurm cluster',
    )
    parser.add_argument(
        '--gpus', type=int, default=1, help='number of processes'
    )
    parser.add_argument('--partition', help='partition of the Slurm cluster')
    parser.add_argument(
        '--work-dir',
        help='folder for logs, checkpoints and scores; by default '
        'work_dirs/<name of the config that is trained>_seed<seed>',
    )
    add_data_root(parser)
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument(
        '--seed',
        type=int,
        help='random seed; by default randomness.seed of --cfg-options or '
        'the config',
    )
    seeds.add_argument(
        '--seeds',
        nargs='+',
        type=int,
        metavar='SEED',
        help='several seeds, one after the other, each in a work folder of '
        'its own (--work-dir/seed<SEED>); prints mean and spread beside the '
        'published row',
    )
    parser.add_argument(
        '--best',
        action='store_true',
        help='test the best snapshot on the validation set in place of the '
        'last, for numbers that were published so; needs '
        'default_hooks.checkpoint.save_best',
    )
    parser.add_argument(
        '--allow-changed',
        action='store_true',
        help='go on with a run of other settings or data all the same; what '
        'differs is shown with the scores',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='show the commands alone'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='handed on to `train` and `test`',
    )


def check_args(args: Namespace) -> None:
    """Refuse options that do not go together."""
    if not args.row and not args.list:
        raise UserValueError('name a row, or show them with --list')
    if args.gpus < 1:
        raise UserValueError(
            f'expected --gpus to be at least 1, got {args.gpus}'
        )
    if args.launcher == 'none' and args.gpus > 1:
        raise UserValueError(
            f'--gpus {args.gpus} needs --launcher pytorch or slurm'
        )
    if (args.launcher == 'slurm') != bool(args.partition):
        raise UserValueError('--launcher slurm and --partition go together')
    if args.launcher == 'slurm' and not (args.dry_run or shutil.which('srun')):
        raise UserValueError(
            '--launcher slurm starts srun, which is not on this machine: use '
            'a login node of the cluster, or --launcher pytorch'
        )


def run(args: Namespace) -> None:
    """List the rows, or run one."""
    with clear_exit('interrupted; the same command goes on where it stopped'):
        check_args(args)
        if args.list:
            from ..evaluation.published.listing import list_rows

            print(list_rows())
            return
        from ..runs.reproduction.commands import Reproduction
        from ..runs.reproduction.row import reproduce
        from ..runs.reproduction.seeds import reproduce_seeds

        how = Reproduction(
            row=args.row,
            launcher=args.launcher,
            gpus=args.gpus,
            partition=args.partition,
            work_dir=args.work_dir,
            data_root=args.data_root,
            seed=args.seed,
            best=args.best,
            allow_changed=args.allow_changed,
            dry_run=args.dry_run,
            cfg_options=args.cfg_options,
        )
        if args.seeds is None:
            reproduce(how)
        else:
            reproduce_seeds(how, args.seeds)
