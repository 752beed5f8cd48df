"""``mmseg-balance predict``: labels of images with a trained model."""

import argparse
import sys
from pathlib import Path
from typing import Any

from .options import (
    add_batches,
    add_cfg_options,
    add_data_root,
    add_device,
    add_part,
    add_post_hoc,
)

DESCRIPTION = 'Label images, or their pixels, with a trained model.'
EXAMPLE = """\
examples:
  mmseg-balance predict CONFIG CHECKPOINT --input photos --out predictions
  mmseg-balance predict EXPORTED_FOLDER --input 'drive/**/*.jpg' ride.mp4 \\
      --out predictions --overlay --shares predictions/shares.json
  mmseg-balance predict CONFIG CHECKPOINT --input photos \\
      --out predictions --sorted link
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser: Parser of the command.
    """
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='config of the model, or the folder that `checkpoint export` '
        'wrote',
    )
    parser.add_argument(
        'checkpoint',
        metavar='CHECKPOINT',
        nargs='?',
        help='its checkpoint; may be left out with such a folder',
    )
    parser.add_argument(
        '--input',
        nargs='+',
        required=True,
        metavar='PATH',
        help="images, folders, patterns such as 'drive/**/*.jpg', videos",
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        metavar='FOLDER',
        help='where results go: labels/, overlays/, confidences/; of a '
        'classifier predictions.csv',
    )
    _add_results(parser)
    _add_model(parser)


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('results')
    group.add_argument(
        '--ids',
        choices=['dataset', 'class', 'cityscapes'],
        default='dataset',
        help='values of the label files: those that the label files of the '
        'test set have (default), the numbers of the classes from 0, or the '
        'official label ids of Cityscapes',
    )
    group.add_argument(
        '--overlay',
        action='store_true',
        help='save the images with the classes painted on them',
    )
    group.add_argument(
        '--overlay-video',
        action='store_true',
        help='of videos, save one with the classes painted on it',
    )
    group.add_argument(
        '--image-fps',
        type=float,
        metavar='F',
        help='with --overlay-video, take the images of each folder for the '
        'frames of a video, F a second',
    )
    group.add_argument(
        '--opacity',
        type=float,
        default=0.5,
        help='weight of the colours in them, 0 to 1 (default: 0.5)',
    )
    group.add_argument(
        '--confidence',
        action='store_true',
        help='save the largest softmax of each pixel as grey pictures',
    )
    group.add_argument(
        '--confidence-bits',
        type=int,
        choices=[8, 16],
        default=8,
        help='of a pixel of them: 255 (default) or 65535 stands for 1',
    )
    group.add_argument(
        '--shares',
        type=Path,
        metavar='FILE.json',
        help='save how much of each image, and of all, each class covers',
    )
    group.add_argument(
        '--sorted',
        choices=['copy', 'link'],
        help='of a classifier, put copies of the images, or links to them, '
        'into a folder for each class',
    )
    group.add_argument(
        '--json',
        action='store_true',
        help='of a classifier, write predictions.json beside predictions.csv',
    )
    group.add_argument(
        '--fps',
        type=float,
        metavar='F',
        help='take F frames a second of videos (default: all)',
    )
    group.add_argument(
        '--resume',
        action='store_true',
        help='leave images as they are whose results are there already',
    )
    group.add_argument(
        '--on-bad-image',
        choices=['stop', 'skip'],
        default='stop',
        help='what to do where a file cannot be read: stop (default), or go '
        'on and name it at the end',
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('model')
    add_part(group)
    add_post_hoc(group)
    add_batches(group)
    add_device(group)
    add_cfg_options(group)
    add_data_root(group)


def build(args: argparse.Namespace) -> Any:
    """The run, checked, built, and not yet started."""
    from ..inference.files.inputs import find_inputs
    from ..inference.files.outputs import result_folders
    from ..inference.files.prediction_options import RunOptions
    from ..inference.predictor import Predictor
    from ..inference.predictor.named_model import find_model
    from ..inference.predictor.run import PredictionRun

    options = RunOptions(
        ids=args.ids,
        overlay=args.overlay,
        overlay_video=args.overlay_video,
        image_fps=args.image_fps,
        opacity=args.opacity,
        confidence_bits=args.confidence_bits if args.confidence else None,
        shares=args.shares,
        fps=args.fps,
        resume=args.resume,
        json=args.json,
        sorted=args.sorted,
        on_bad_image=args.on_bad_image,
    )
    inputs = find_inputs(args.input, result_folders(args.out))
    cfg, checkpoint = find_model(
        args.model, args.checkpoint, args.cfg_options, args.data_root
    )
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
    return PredictionRun(predictor, inputs, args.out, options)


def run(args: argparse.Namespace) -> None:
    """Predict, and say where the results are.

    Args:
        args: Of the command line.

    Raises:
        SystemExit: Something cannot work, some files could not be read (1),
            or a signal came (130).
    """
    from ..configuration.error_lines import build_or_exit

    started = build_or_exit(lambda: build(args), args.out)
    summary = build_or_exit(started.run, args.out)
    kept = f', {summary.kept} were there' if summary.kept else ''
    print(f'{summary.predicted} predicted{kept}: {args.out}')
    for line in summary.notes:
        print(f'warning: {line}', file=sys.stderr)
    for line in summary.bad:
        print(f'left out: {line}', file=sys.stderr)
    if summary.was_stopped:
        print(
            'stopped before the end: the same command with --resume goes on',
            file=sys.stderr,
        )
        sys.exit(130)
    if summary.bad:
        sys.exit(f'files that were left out: {len(summary.bad)}')
