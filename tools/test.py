"""Evaluate a checkpoint, with the options of MMSegmentation's tool.

python tools/test.py CONFIG CHECKPOINT
"""

import argparse
import os
from pathlib import Path

from mmengine.config import Config

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.configuration.options import OptionAction

TEST_KEYS = ('test_dataloader', 'test_evaluator', 'test_cfg')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Evaluate a model')
    parser.add_argument('config', help='config file')
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionAction,
        metavar='KEY=VALUE',
        help='override keys of the config; lists as key="[a,b]" or key=a,b',
    )
    add_data_root(parser)
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        help='what started several processes',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='test time augmentation: tta_pipeline of the config, or else '
        'each image with its mirror image',
    )
    parser.add_argument(
        '--post-hoc',
        metavar='STATISTICS',
        help='balance the classes by the distributions of the logits (Eq. 7 '
        'of BLDA): file of tools/analysis_tools/fit_logit_statistics.py, or '
        'a checkpoint of a training with BLDALoss',
    )
    parser.add_argument(
        '--tau',
        type=float,
        help='scale of the offset of --post-hoc (default: 1)',
    )
    parser.add_argument(
        '--domain',
        choices=['target', 'source'],
        help='whose distributions --post-hoc takes (default: target)',
    )
    # torch.distributed.launch passes --local-rank, torchrun the variable
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def need(cfg: Config, keys: list[str], option: str) -> None:
    """Refuse an option that the config has no settings for."""
    missing = [key for key in keys if not cfg.get(key)]
    if missing:
        raise ValueError(
            f'{option} needs the keys {missing} in the config: set them as '
            'the files of configs/_base_ in MMSegmentation do'
        )


def set_pictures(cfg: Config, args: argparse.Namespace) -> None:
    """Turn the painted predictions on."""
    need(cfg, ['default_hooks', 'visualizer'], '--show and --show-dir')
    hook = cfg.default_hooks.get('visualization')
    if hook is None:
        raise ValueError(
            "default_hooks has no 'visualization', which --show and "
            "--show-dir need: add visualization=dict(type='SegVisualization"
            "Hook') to default_hooks"
        )
    hook.draw = True
    hook.setdefault('interval', 1)
    if args.show:
        hook.show, hook.wait_time = True, args.wait_time
    if args.show_dir:
        cfg.visualizer.save_dir = args.show_dir


def set_post_hoc(cfg: Config, args: argparse.Namespace) -> None:
    """Wrap the model for post-hoc class balancing."""
    options = {
        key: getattr(args, key)
        for key in ('tau', 'domain')
        if getattr(args, key) is not None
    }
    if args.post_hoc is not None:
        from mmseg_balance.configuration.checks.post_hoc import refuse_post_hoc

        refuse_post_hoc(cfg)
        cfg.model = dict(
            type='PostHocSegmentor',
            segmentor=cfg.model,
            statistics=args.post_hoc,
            **options,
        )
    elif options:
        raise ValueError(
            f'{" and ".join(f"--{o}" for o in options)} without --post-hoc '
            'STATISTICS, whose settings they are'
        )


def load(args: argparse.Namespace) -> Config:
    """Config of the evaluation, with what the command line says."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.runs.work_dir import set_work_dir

    cfg = load_config(args.config, args.cfg_options, args.data_root)
    set_work_dir(cfg, args.work_dir)
    return cfg


def build(cfg: Config, args: argparse.Namespace):
    """Runner of the evaluation: checked, built, and not yet started."""
    from mmengine.runner import Runner

    from mmseg_balance.checkpoints.weights import read_checkpoint
    from mmseg_balance.datasets.checks.folder_checks import check_data_configs
    from mmseg_balance.inference.prediction_files import (
        draws_pictures,
        prepare_files,
    )
    from mmseg_balance.inference.test_time_augmentation import (
        set_test_time_augmentation,
    )
    from mmseg_balance.runs.ranks import start_ranks

    if '://' not in args.checkpoint and not Path(args.checkpoint).is_file():
        raise FileNotFoundError(f'no checkpoint file {args.checkpoint}')
    weights, meta = read_checkpoint(args.checkpoint)
    cfg.load_from, cfg.resume = args.checkpoint, False
    need(cfg, ['model', *TEST_KEYS], 'tools/test.py')
    if args.show or args.show_dir:
        set_pictures(cfg, args)
    set_post_hoc(cfg, args)
    if args.tta:
        for line in set_test_time_augmentation(cfg):
            print(line)
    if args.out is not None:
        evaluators = cfg.test_evaluator
        for metric in (
            [evaluators] if isinstance(evaluators, dict) else evaluators
        ):
            metric.output_dir = args.out
            metric.keep_results = True
    # the folders of the training are not needed here
    check_data_configs(Config(dict(test_dataloader=cfg.test_dataloader)))
    start_ranks(cfg, args.launcher)
    runner = Runner.from_cfg(cfg)
    check_runner(runner, weights, meta, args)
    prepare_files(
        runner.test_loop.dataloader.dataset,
        runner.test_loop.evaluator.metrics,
        runner.visualizer if draws_pictures(runner) else None,
    )
    return runner


def check_runner(runner, weights: dict, meta: dict, args) -> None:
    """Refuse scores of another model or of other classes."""
    from mmengine.model import BaseTTAModel, is_model_wrapper

    from mmseg_balance.checkpoints.weights import check_classes, check_fits
    from mmseg_balance.datasets.checks.folder_checks import (
        check_evaluation_set,
    )
    from mmseg_balance.models.data_checks import check_num_classes
    from mmseg_balance.models.segmentors import PostHocSegmentor

    model = runner.model
    if is_model_wrapper(model):
        model = model.module
    if isinstance(model, BaseTTAModel):
        model = model.module
    dataset = runner.test_loop.dataloader.dataset
    if isinstance(model, PostHocSegmentor):
        warn_of_origin(runner, model, dataset, args)
        model = model.segmentor
    check_num_classes(model, dataset, 'test_dataloader')
    check_fits(model, weights, args.checkpoint)
    check_classes(meta, dataset, args.checkpoint)
    check_evaluation_set(dataset, 'test_dataloader.dataset')


def warn_of_origin(runner, model, dataset, args) -> None:
    """Say where statistics are those of other weights."""
    from mmseg_balance.inference.statistics_origin import check_origin

    key = 'model.statistics' if args.post_hoc is None else '--post-hoc'
    for line in check_origin(
        model.statistics_meta,
        model.statistics_path,
        args.checkpoint,
        getattr(model.segmentor, 'predict_with', None),
        dataset.metainfo.get('classes'),
    ):
        runner.logger.warning(f'{key}: {line}')


def main() -> None:
    """Evaluate, and say where the scores are."""
    args = parse_args()
    from mmengine.dist import is_main_process

    from mmseg_balance.checkpoints.weights import read_checkpoint
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.records.scores import add_origin
    from mmseg_balance.runs.work_dir import default_work_dir

    folder = args.work_dir or default_work_dir(args.config)
    cfg = build_or_exit(lambda: load(args), folder)
    runner = build_or_exit(lambda: build(cfg, args), cfg.work_dir, cfg)
    runner.test()
    if is_main_process():
        folder = Path(runner.log_dir)
        add_origin(
            folder / f'{runner.timestamp}.json',
            args.checkpoint,
            read_checkpoint(args.checkpoint)[1],
            cfg,
        )
        print(
            f'scores: {folder / runner.timestamp}.json  '
            f'log: {folder / runner.timestamp}.log'
        )


if __name__ == '__main__':
    main()
