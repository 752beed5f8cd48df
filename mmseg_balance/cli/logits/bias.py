"""``mmseg-balance logits bias``."""

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from ..options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_min_samples,
    add_out_folder,
    add_part,
)
from .over_test_set import build_model_and_test_set, origin, run_over_test_set

FILES = ('bias.json', 'bias.png', 'logits.png')
DESCRIPTION = """\
Name the classes that a checkpoint predicts too often, and show why.

One pass over test_dataloader with its labels. Prints and draws the bias
towards each class, measured and from its distributions of logits (Eq. 4, 5,
Fig. 1c, 1d and Table 15 of the BLDA paper). Of a panoptic model with Mask
R-CNN also that of its classifier of instances, over its proposals.
"""
EXAMPLE = """\
examples:
  mmseg-balance logits bias CONFIG CHECKPOINT --out bias_of_mine
  mmseg-balance logits bias CONFIG CHECKPOINT --instances
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file, or a name of `configs`')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--statistics',
        metavar='FILE',
        help='take the anchors from FILE, which `logits fit` wrote, or a '
        'checkpoint trained with BLDALoss; by default they are fitted to the '
        'test set itself',
    )
    parser.add_argument(
        '--instances',
        action='store_true',
        help='assess what classifies the proposals of a MaskRCNNHead, in the '
        'place of pixels; a proposal is of the object whose box it overlaps '
        'by an IoU of 0.5 or more, else background, which is a class',
    )
    parser.add_argument(
        '--without-background',
        action='store_true',
        help='of --instances: leave background proposals and their logit out',
    )
    add_min_samples(parser)
    add_out_folder(parser, FILES, 'bias')
    add_part(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)


def run(args: Namespace) -> None:
    """Assess, and say what is wrong in one line."""
    name = 'bias_instances' if args.instances else 'bias'
    run_over_test_set(args, name, build, assess_and_write)


def build(args: Namespace) -> tuple[Any, ...]:
    """Config, model, test set and anchors, all checked."""
    from ...inference.passes.bias_pass import read_anchors
    from ...inference.passes.instance_logits import instance_classifier
    from ...runs.out_files import make_folder

    check_options(args)
    cfg, model, dataset = build_model_and_test_set(args, FILES)
    if args.instances:
        instance_classifier(model)
    anchors = None
    if args.statistics:
        classes = list(dataset.metainfo['classes'])
        part = getattr(model, 'predict_with', None)
        *anchors, warnings = read_anchors(
            args.statistics, classes, args.checkpoint, part
        )
        for line in warnings:
            print(f'warning: {line}', file=sys.stderr)
    make_folder(args.out)
    return cfg, model, dataset, anchors


def check_options(args: Namespace) -> None:
    """Refuse options that say nothing beside each other."""
    from ...errors import UserValueError

    if args.without_background and not args.instances:
        raise UserValueError(
            '--without-background is of the proposals of --instances: add '
            '--instances, or leave it away'
        )
    if args.statistics and args.instances:
        raise UserValueError(
            '--statistics has anchors of the logits of pixels, and '
            '--instances assesses those of proposals: leave one away'
        )


def draw(assessment: Any, bank: Any, anchors: Any) -> dict[str, bytes]:
    """The pictures, by file name."""
    from ...progress import track
    from ...visualization.bias_figure import bias_bars
    from ...visualization.logit_figure import logit_ridges

    classes, bias = assessment.classes, assessment.bias
    by_mixtures = assessment.mixture_bias
    makers = {'bias.png': lambda: bias_bars(classes, bias, by_mixtures)}
    if by_mixtures.isnan().all():
        unit = assessment.unit
        print(f'no logits.png: every class has too few {unit}s for mixtures')
    else:
        makers['logits.png'] = lambda: logit_ridges(
            classes, bias, bank, anchors, assessment.unit
        )
    shown = track(list(makers.items()), 'draw', 'pictures')
    return {name: make() for name, make in shown}


def assess_and_write(
    args: Namespace, cfg: Any, model: Any, dataset: Any, anchors: Any
) -> None:
    """Measure, print, and write the files."""
    from ...evaluation.bias_assessment import assess
    from ...evaluation.bias_report import report_dict, report_text
    from ...inference.passes.bias_pass import (
        measure_bias,
        measure_instance_bias,
    )
    from ...logits.statistics.offline import fit_statistics
    from ...models.declarations import labels_images
    from ...progress import track
    from ...runs.out_files import write_out

    workers = cfg.test_dataloader.get('num_workers', 2)
    classes, unit = list(dataset.metainfo['classes']), 'pixel'
    if args.instances:
        unit = 'proposal'
        confusion, reservoir, classes = measure_instance_bias(
            model, dataset, workers, not args.without_background
        )
    else:
        confusion, reservoir = measure_bias(model, dataset, workers)
        unit = 'image' if labels_images(model) else unit
    statistics = fit_statistics(
        reservoir,
        device=next(model.parameters()).device,
        track=track,
        min_samples=args.min_samples,
    )
    anchors, words = anchors or (
        statistics.anchors,
        'all logits of the test set itself',
    )
    assessment = assess(
        confusion,
        statistics.source,
        anchors,
        classes,
        words,
        track=track,
        unit=unit,
    )
    part = getattr(model, 'predict_with', None)
    of = f'{part} of {args.checkpoint}' if part else args.checkpoint
    print(f'{of} on {len(dataset)} images')
    print(report_text(assessment))
    files = draw(assessment, statistics.source, anchors)
    content = origin(args, model) | dict(images=len(dataset))
    text = json.dumps(content | report_dict(assessment), indent=2)
    files['bias.json'] = f'{text}\n'.encode()
    write_out(args.out, FILES, files, args.overwrite)
    print(f'wrote {", ".join(sorted(files))} to {args.out}')
