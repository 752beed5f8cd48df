"""``mmseg-balance logits offsets``."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ...errors import UserFileNotFoundError, UserValueError, with_message
from ..options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_out_folder,
    add_part,
)
from .over_test_set import build_model_and_test_set, origin, run_over_test_set

FILES = ('offsets.json', 'offsets.png')
DESCRIPTION = """\
What the offsets of BLDA do to which pixels, class by class.

One pass over test_dataloader. Prints and draws the offsets that pixels get in
training, beside how many of the pseudo-labels that they lift are right, and
the bias of the distributions (Eq. 5 of the BLDA paper). Images without labels
will do for what needs none.
"""
EXAMPLE = """\
examples:
  mmseg-balance logits offsets CONFIG CHECKPOINT
  mmseg-balance logits offsets CONFIG CHECKPOINT statistics.pth
  mmseg-balance logits offsets CONFIG CHECKPOINT \\
      --compare SOURCE_ONLY_CONFIG SOURCE_ONLY_CHECKPOINT --no-labels
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        'statistics',
        nargs='?',
        help='file of `logits fit`, or a checkpoint of a training with '
        'BLDALoss; by default CHECKPOINT',
    )
    parser.add_argument(
        '--compare',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='a model of the same classes whose predictions are compared, '
        'of a source-only training for one',
    )
    images = parser.add_mutually_exclusive_group()
    images.add_argument(
        '--no-labels',
        action='store_true',
        help='read no labels of test_dataloader',
    )
    images.add_argument(
        '--target-images',
        metavar='FOLDER',
        help='images without labels, in place of test_dataloader',
    )
    add_out_folder(parser, FILES, 'offsets')
    add_part(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def run(args: Namespace) -> None:
    """Collect, and say what is wrong in one line."""
    run_over_test_set(args, 'offsets', build, collect_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Config, models, images and distributions, all checked."""
    from ...inference.passes.offsets_pass import build_effects, other_pipeline
    from ...runs.out_files import make_folder

    def images(cfg: Any, model: Any) -> Any:
        return build_images(args, cfg, model)

    cfg, model, dataset = build_model_and_test_set(args, FILES, images)
    statistics = args.statistics or args.checkpoint
    effects, warnings = build_effects(
        statistics, model, dataset, args.checkpoint
    )
    other = None
    if args.compare:
        other_cfg, other = build_other(args, dataset)
        warnings += filter(None, [other_pipeline(cfg, other_cfg)])
    for line in warnings:
        print(f'warning: {line}', file=sys.stderr)
    make_folder(args.out)
    return cfg, model, dataset, effects, other


def build_images(args: Namespace, cfg: Any, model: Any) -> Any:
    """The images, with labels or without."""
    from ...inference.evaluation_set import build_labelled_test_set
    from ...inference.passes.unlabelled_set import build_unlabelled_set

    if args.no_labels or args.target_images:
        classes = (getattr(model, 'dataset_meta', None) or {}).get('classes')
        return build_unlabelled_set(cfg, classes or (), args.target_images)
    try:
        return build_labelled_test_set(cfg)
    except UserFileNotFoundError as error:
        message = f'{error}. Or go without labels: --no-labels'
        raise with_message(error, message) from error
    except UserValueError as error:
        if 'loads no labels' not in str(error):
            raise
        message = f'{error}; or go without: --no-labels'
        raise with_message(error, message) from error


def build_other(args: Namespace, dataset: Any) -> tuple[Any, Any]:
    """Config and model of ``--compare``.

    Raises:
        ValueError: It has other classes.
    """
    from ...configuration.reading import load_config
    from ...inference.trained_model import build_predictor

    config, checkpoint = args.compare
    cfg, other = build_predictor(
        load_config(config, None, args.data_root),
        checkpoint,
        device=args.device,
    )
    classes = list(dataset.metainfo['classes'])
    meta = getattr(other, 'dataset_meta', None) or {}
    names = list(meta.get('classes') or classes)  # some checkpoints name none
    if names != classes:
        raise UserValueError(
            f'--compare {checkpoint} is of the classes {", ".join(names)}, '
            f'{args.checkpoint} of {", ".join(classes)}: compare models of '
            'the same classes'
        )
    return cfg, other


def collect_and_write(
    args: Namespace,
    cfg: Any,
    model: Any,
    dataset: Any,
    effects: Any,
    other: Any,
) -> None:
    """Go over the images once, print and write what was found."""
    from ...evaluation.offsets.report import (
        class_values,
        report_dict,
        report_text,
    )
    from ...inference.offsets_in_training import (
        use_in_training,
        use_line,
    )
    from ...inference.passes.offsets_pass import collect_offsets
    from ...models.declarations import labels_images
    from ...progress import track
    from ...runs.out_files import write_out
    from ...visualization.offset_figure import offset_figure

    with_labels = not (args.no_labels or args.target_images)
    workers = (cfg.get('test_dataloader') or {}).get('num_workers', 2)
    compared = collect_offsets(
        model, dataset, effects, other, with_labels, workers
    )
    classes = list(dataset.metainfo['classes'])
    values = class_values(effects, track)
    use = use_in_training(model)
    of = predicting(model, args.checkpoint)
    print(f'{of} on {len(dataset)} images; {use_line(use, args.config)}')
    if args.compare:
        print(f'compared with {predicting(other, args.compare[1])}')
    unit = 'image' if labels_images(model) else 'pixel'
    print(report_text(classes, values, compared, unit))
    content = origin(args, model) | dict(
        statistics=args.statistics or args.checkpoint,
        images=len(dataset),
        labels=with_labels,
        tau=use['tau'],
        adjust=use['adjust'],
        compared_with=args.compare,
        compared_part=getattr(other, 'predict_with', None),
    )
    content |= report_dict(classes, values, effects, compared)
    part = getattr(model, 'predict_with', None)
    title = f'{Path(args.config).stem}, {len(dataset)} images'
    title += f', pseudo-labels of the {part}' if part else ''
    files = {
        'offsets.json': f'{json.dumps(content, indent=2)}\n'.encode(),
        'offsets.png': offset_figure(classes, values, title),
    }
    write_out(args.out, FILES, files, args.overwrite)
    print(f'wrote {" and ".join(FILES)} to {args.out}')


def predicting(model: Any, checkpoint: str) -> str:
    """What predicts, for the text: the checkpoint, and the part of it."""
    part = getattr(model, 'predict_with', None)
    return f'{part} of {checkpoint}' if part else checkpoint
