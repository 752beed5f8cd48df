"""``mmseg-balance logits fit``."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ...errors import UserValueError
from ..exits import interruptible
from ..options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_min_samples,
    add_part,
)

FILE = 'logit_statistics.pth'
DESCRIPTION = """\
Fit the distributions of logits that post-hoc balancing needs, for any trained
checkpoint, with BLDALoss or without.

Source logits are those of the labelled pixels of
train_dataloader.dataset.source, or of the whole train_dataloader.dataset of a
supervised training; target logits those of the pseudo-labelled pixels of
train_dataloader.dataset.target, or of the images of --target-images. Without
a target there are source logits alone. An interrupted command goes on where
it stopped when it is repeated.
"""
EXAMPLE = """\
examples:
  mmseg-balance logits fit CONFIG CHECKPOINT
  mmseg-balance logits fit CONFIG CHECKPOINT --target-images photos \\
      --out statistics.pth
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config of the training run')
    parser.add_argument('checkpoint', help='checkpoint file of that run')
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='file to write; by default work_dirs/<name of the config file>/'
        + FILE,
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace FILE'
    )
    add_part(parser)
    parser.add_argument(
        '--target-images',
        metavar='FOLDER',
        help='take all images below FOLDER as target, without labels',
    )
    parser.add_argument(
        '--threshold',
        type=float,
        default=0.0,
        metavar='T',
        help='confidence that a target pixel needs for a pseudo-label; by '
        'default 0, all pixels, as BLDALoss takes them',
    )
    parser.add_argument(
        '--max-images',
        type=int,
        metavar='N',
        help='look at N images of each data set, evenly spread over it',
    )
    parser.add_argument(
        '--anchor',
        default='source',
        help="whose logits the anchors follow: 'source' (default), 'target', "
        'or the name of a class',
    )
    parser.add_argument(
        '--num-components',
        type=int,
        default=5,
        metavar='K',
        help='components of each mixture (default: 5)',
    )
    add_min_samples(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def run(args: Namespace) -> None:
    """Fit, and say how to go on after an interruption."""
    from ...runs.work_dir import default_work_dir

    if args.out is None:
        args.out = Path(default_work_dir(args.config)) / FILE
    with interruptible('interrupted; the same command goes on'):
        fit(args)


def check_args(args: Namespace) -> None:
    """Refuse what cannot work, before anything is loaded."""
    from ...runs.out_files import check_out_file

    if not 0 <= args.threshold <= 1:
        raise UserValueError(
            f'Expected --threshold to be in [0, 1], but got {args.threshold}'
        )
    for name in ('max_images', 'num_components'):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace('_', '-')
            raise UserValueError(
                f'Expected --{option} to be at least 1, but got {value}'
            )
    check_out_file(args.out, args.overwrite)


def build(args: Namespace) -> tuple[Any, ...]:
    """Config, model, data sets and the pass over them, all checked."""
    from ...configuration.reading import load_config
    from ...inference.domain_data import build_domains, check_trained_classes
    from ...inference.passes.statistics_fit import find_anchor
    from ...inference.passes.statistics_pass import (
        StatisticsPass,
        pass_settings,
        spread,
    )
    from ...inference.trained_model import build_predictor

    check_args(args)
    cfg, model = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part=args.part,
        device=args.device,
    )
    domains = build_domains(cfg, args.target_images)
    classes = check_trained_classes(domains['source'], model, args.checkpoint)
    find_anchor(args.anchor, classes)
    if args.anchor == 'target' and 'target' not in domains:
        raise UserValueError(
            '--anchor target, but train_dataloader.dataset has no target: '
            'name a folder of its images with --target-images'
        )
    settings = pass_settings(
        cfg,
        args.checkpoint,
        domains,
        part=getattr(model, 'predict_with', None),
        threshold=args.threshold,
        max_images=args.max_images,
    )
    partial = args.out.with_name(f'{args.out.name}.partial')
    state = StatisticsPass(partial, settings, len(classes), args.threshold)
    if state.resume():
        print(f'going on from {partial}')
        for line in state.changed_code:
            print(f'warning: {partial}: {line}', file=sys.stderr)
    data = {key: spread(domains[key], args.max_images) for key in domains}
    return cfg, model, data, classes, state


def fit(args: Namespace) -> None:
    """Collect logits, fit them, and say what came of it."""
    from ...configuration.error_lines import build_or_exit
    from ...inference.passes.statistics_fit import (
        fit_meta,
        fit_pass,
        not_fitted,
        sample_table,
    )
    from ...logits.statistics.file import save_statistics
    from ...models.declarations import labels_images

    folder = args.out.parent
    cfg, model, data, classes, state = build_or_exit(
        lambda: build(args), folder
    )
    num_workers = cfg.train_dataloader.get('num_workers', 2)
    for domain, images in data.items():
        state.collect(model, images, domain, num_workers)
    units = 'images' if labels_images(model) else 'pixels'
    print(sample_table(classes, state, list(data), units))
    statistics = build_or_exit(
        lambda: fit_pass(
            state,
            data,
            classes,
            args.anchor,
            args.num_components,
            next(model.parameters()).device,
            args.min_samples,
        ),
        folder,
    )
    for domain in data:
        left = not_fitted(statistics, domain, classes)
        if left:
            print(
                f'{domain}: not fitted, since they have fewer than '
                f'{statistics.min_samples} {units}: {", ".join(left)}; their '
                'rows have offset 0 (--min-samples)'
            )
    meta = fit_meta(
        state,
        data,
        classes,
        args.config,
        args.checkpoint,
        getattr(model, 'predict_with', None),
        args.anchor,
        args.num_components,
        args.min_samples,
    )
    save_statistics(args.out, statistics, meta)
    state.path.unlink(missing_ok=True)
    print(f'wrote {args.out}')
    if 'target' not in data:
        print(
            'of the source alone, since train_dataloader.dataset has no '
            'target: balance with --domain source, or fit again with '
            '--target-images FOLDER'
        )
