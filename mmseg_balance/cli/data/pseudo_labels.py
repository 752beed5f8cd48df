"""``mmseg-balance pseudo-labels``: labels of a target set, by a model."""

import argparse
import os
from pathlib import Path
from typing import Any

from ..exits import interruptible
from ..options import (
    add_batches,
    add_cfg_options,
    add_data_root,
    add_part,
    add_post_hoc,
    add_processes,
)

DESCRIPTION = """\
Label the target training set of a config with a trained model.

A pixel is labelled where the confidence of its class reaches a threshold, and
255 elsewhere. Each class has its own: the median of its confidences over the
whole set, at most 0.9. The labels are called as the data set reads them, so
that a second training takes them by data_prefix.seg_map_path. A repeated
command goes on where it stopped.
"""
EXAMPLE = """\
examples:
  mmseg-balance pseudo-labels CONFIG CHECKPOINT --out pseudo_labels/first
  mmseg-balance pseudo-labels CONFIG CHECKPOINT --out sure --threshold 0.968
  mmseg-balance pseudo-labels CONFIG CHECKPOINT --out all --threshold 0 \\
      --gpus 2
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser: Parser of the command.
    """
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='config of the training, or the folder that `checkpoint export` '
        'wrote (then with --images)',
    )
    parser.add_argument(
        'checkpoint',
        metavar='CHECKPOINT',
        nargs='?',
        help='its checkpoint; may be left out with such a folder',
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        metavar='FOLDER',
        help='where the labels go, and pseudo_labels.json',
    )
    _add_rule(parser)
    _add_images(parser)
    group = parser.add_argument_group('model')
    add_part(group)
    add_post_hoc(group)
    add_cfg_options(group)
    add_data_root(group)
    add_processes(parser.add_argument_group('processes'))


def _add_rule(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('thresholds')
    group.add_argument(
        '--share',
        type=float,
        metavar='S',
        help='share of the pixels of each class that is labelled, those of '
        'the highest confidence (default: 0.5, the median)',
    )
    group.add_argument(
        '--cap',
        type=float,
        metavar='P',
        help='largest threshold of a class (default: 0.9)',
    )
    group.add_argument(
        '--threshold',
        type=float,
        metavar='P',
        help='the same threshold for all classes, in place of both; 0 labels '
        'every pixel',
    )


def _add_images(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('images')
    group.add_argument(
        '--images',
        type=Path,
        metavar='FOLDER',
        help='label the images of a folder, in place of the target of the '
        'training; labels are called as they are, .png',
    )
    group.add_argument(
        '--all-images',
        action='store_true',
        help='label the images that few_shot of the config leaves out, too',
    )
    group.add_argument(
        '--pictures',
        type=Path,
        metavar='FOLDER',
        help='save the labels in colours as well, black where there is none',
    )
    add_batches(group)


def rule_of(args: argparse.Namespace) -> Any:
    """How thresholds are found.

    Args:
        args: Of the command line.

    Returns:
        A ``ThresholdRule``.

    Raises:
        ValueError: Options that do not go together, or out of range.
    """
    from ...errors import UserValueError
    from ...inference.pseudo_labelling.thresholds import ThresholdRule

    given = dict(share=args.share, cap=args.cap)
    given = {k: v for k, v in given.items() if v is not None}
    if args.threshold is not None and given:
        raise UserValueError(
            f'--threshold {args.threshold} is for all classes: leave '
            f'{" and ".join(f"--{k}" for k in given)} out'
        )
    return ThresholdRule(fixed=args.threshold, **given)


def build(args: argparse.Namespace) -> Any:
    """The run, checked, built, and not yet started."""
    from mmengine.dist import init_dist, is_distributed

    from ...inference.predictor import Predictor
    from ...inference.predictor.named_model import find_model
    from ...inference.pseudo_labelling.run import (
        PseudoLabelRun,
        check_labels_pixels,
    )
    from ...inference.pseudo_labelling.target_images import find_target
    from ...runs.ranks import start_ranks

    rule = rule_of(args)
    cfg, checkpoint = find_model(
        args.model, args.checkpoint, args.cfg_options, args.data_root
    )
    start_ranks(cfg, args.launcher)
    if args.launcher != 'none' and not is_distributed():
        init_dist(args.launcher)
    predictor = Predictor(
        cfg,
        checkpoint,
        part=args.part,
        post_hoc=args.post_hoc,
        tau=args.tau,
        domain=args.domain,
        device=args.device,
        batch_size=args.batch_size,
        num_workers=args.num_workers,
    )
    check_labels_pixels(predictor)
    target = find_target(
        cfg, args.out, predictor.classes, args.images, args.all_images
    )
    return PseudoLabelRun(predictor, target, args.out, rule, args.pictures)


def run(args: argparse.Namespace) -> None:
    """Write the labels, and say what is in them.

    Args:
        args: Of the command line.

    Raises:
        SystemExit: Something cannot work, or a signal came (130).
    """
    from ..processes import become_processes

    become_processes('pseudo-labels', args)

    from mmengine.dist import is_main_process

    from ...configuration.error_lines import build_or_exit
    from ...inference.pseudo_labelling.record import report

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    started = build_or_exit(lambda: build(args), args.out)
    with interruptible('interrupted; the same command goes on'):
        content = build_or_exit(started.run, args.out)
    if is_main_process():
        print('\n'.join(report(content)))
        print(f'{content["num_images"]} labels: {args.out}')
