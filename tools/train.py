"""Train a model from a config, with the options of MMSegmentation's tool.

python tools/train.py configs/dacs/dacs_r101_40k_gta2cityscapes-512x512.py
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.config import Config

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.configuration.options import OptionAction


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Train a model')
    parser.add_argument('config', help='config file')
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
        '--seed',
        type=int,
        help='random seed; by default randomness.seed of the config, else 0',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionAction,
        metavar='KEY=VALUE',
        help='override keys of the config, for instance '
        'train_dataloader.batch_size=4 '
        'model.segmentor.decode_head.loss_decode.tau=0.5; lists as '
        'key="[a,b]" or key=a,b',
    )
    add_data_root(parser)
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        help='what started several processes',
    )
    # torch.distributed.launch passes --local-rank, torchrun the variable
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def set_resume(cfg: Config, resume: str | None) -> None:
    """Point the config at the checkpoint to go on from."""
    from mmseg_balance.runs.work_dir import latest_checkpoint

    if resume is None and cfg.get('resume') and not cfg.get('load_from'):
        resume = 'auto'
    if resume is None:
        return
    if resume == 'auto':
        resume = latest_checkpoint(cfg.work_dir)
        if resume is None:
            cfg.resume = False
            print(
                f'--resume: no checkpoint in {cfg.work_dir}, training '
                'starts from the beginning',
                file=sys.stderr,
            )
            return
    elif '://' not in resume and not Path(resume).is_file():
        raise FileNotFoundError(f'--resume: no checkpoint {resume}')
    cfg.resume, cfg.load_from = True, str(resume)


def trained_with(cfg: Config) -> int | None:
    """Seed of the checkpoint to go on from, where there is one."""
    from mmseg_balance.checkpoints.weights import read_checkpoint

    if not (cfg.get('resume') and cfg.get('load_from')):
        return None
    return read_checkpoint(cfg.load_from)[1].get('seed')


def load(args: argparse.Namespace) -> Config:
    """Config of the run, with what the command line says."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.runs.work_dir import set_work_dir

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    set_work_dir(cfg, args.work_dir)
    return cfg


def warn(line: str) -> None:
    """Say something about the config, once for all ranks."""
    rank = os.environ.get('RANK') or os.environ.get('SLURM_PROCID') or 0
    if int(rank) == 0:
        print(f'warning: {line}', file=sys.stderr)


def build(cfg: Config, args: argparse.Namespace):
    """Runner of the run: checked, built, and not yet started.

    Returns:
        The runner; and a line for the user where the checkpoint to resume
        from is of the end, else None.
    """
    from mmseg_balance.checkpoints.initial.files import check_initial_files
    from mmseg_balance.checkpoints.initial.hook import prepare_initial_weights
    from mmseg_balance.configuration.checks.agreement import check_agreement
    from mmseg_balance.configuration.checks.number_keys import check_numbers
    from mmseg_balance.configuration.checks.settling import settle_config
    from mmseg_balance.configuration.checks.training import check_config
    from mmseg_balance.configuration.run_options import add_hook, enable_amp
    from mmseg_balance.datasets.checks.folder_checks import check_data_configs
    from mmseg_balance.engine.hooks import (
        AtomicCheckpointHook,
        ClassStatisticsHook,
        ClassWeightsHook,
        CompileHook,
    )
    from mmseg_balance.inference.prediction_files import (
        draws_pictures,
        prepare_files,
    )
    from mmseg_balance.runs.build import (
        build_runner,
        check_required,
        check_resume,
    )
    from mmseg_balance.runs.dry_run.trial import DryRunHook
    from mmseg_balance.runs.ranks import start_ranks
    from mmseg_balance.runs.resumed_optimization import prepare_resume
    from mmseg_balance.runs.seed import set_seed

    check_required(cfg)
    check_numbers(cfg)
    for line in settle_config(cfg, args.cfg_options or ()):
        warn(line)
    for line in check_agreement(cfg):
        warn(line)
    if args.amp:
        enable_amp(cfg)
    if args.compile:
        add_hook(cfg, 'CompileHook')
    if args.channels_last:
        add_hook(cfg, 'ChannelsLastHook')
    set_resume(cfg, args.resume)
    options = args.cfg_options
    for line in set_seed(cfg, args.seed, options, trained_with(cfg)):
        warn(line)
    check_config(cfg)
    check_data_configs(cfg)
    check_initial_files(cfg)
    start_ranks(cfg, args.launcher)
    runner = build_runner(cfg)
    prepare_initial_weights(runner)
    if runner.val_loop is not None:
        prepare_files(
            runner.val_loop.dataloader.dataset,
            runner.val_loop.evaluator.metrics,
            runner.visualizer if draws_pictures(runner) else None,
        )
    for hook in runner.hooks:
        if isinstance(hook, CompileHook):
            hook.check()
        elif isinstance(hook, (ClassStatisticsHook, ClassWeightsHook)):
            hook.prepare(runner)
        elif isinstance(hook, AtomicCheckpointHook):
            line = hook.check_space(runner)
            if line is not None:
                runner.logger.warning(line)
    done = None
    if cfg.get('resume') and cfg.get('load_from'):
        done = check_resume(runner, cfg.load_from)
        prepare_resume(runner, cfg.load_from)
    # behind all that prepares the run
    if cfg.get('dry_run', True):
        runner.register_hook(DryRunHook(), 'LOWEST')
    return runner, done


def main() -> None:
    """Train, and say where the results are."""
    args = parse_args()
    from mmengine.dist import is_main_process

    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import (
        default_work_dir,
        latest_checkpoint,
        set_aside_checkpoints,
    )

    folder = args.work_dir or default_work_dir(args.config)
    cfg = build_or_exit(lambda: load(args), folder)
    runner, done = build_or_exit(lambda: build(cfg, args), cfg.work_dir, cfg)
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


if __name__ == '__main__':
    main()
