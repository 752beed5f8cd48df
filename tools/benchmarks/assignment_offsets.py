"""What BLDA's offsets of the target would be with other pseudo-labels.

    python tools/benchmarks/assignment_offsets.py CONFIG CHECKPOINT

Fits the target's distributions of one frozen student several times, with each
`target_assignment` of `BLDALoss` and a `target_threshold`, and with the labels
of the test set in place of the teacher's: where the row 'hard' differs from
'labels', confusions of the teacher mislead the statistics. Whole images of the
test set feed them, one an update, and are then given the offsets. The source's
distributions, which are the anchors', are the same in all rows. Settings of
the statistics are the defaults of `BLDALoss`, but for N_min and a warm-up of a
quarter of the target's images. Labels serve this comparison alone.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from prettytable import PrettyTable
from target_offsets import TargetOffsets
from torch import Tensor, nn

from mmseg_balance.cli.options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_min_samples,
    positive_int,
)
from mmseg_balance.configuration.reading import load_config
from mmseg_balance.errors import (
    UserError,
    UserValueError,
    exit_with,
    one_line,
)
from mmseg_balance.evaluation.offsets.effects import (
    LABELLED,
    MARGIN,
    RIGHT,
    WRONG,
    OffsetEffects,
)
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.inference.domain_data import (
    build_domains,
    check_trained_classes,
)
from mmseg_balance.inference.evaluation_set import build_labelled_test_set
from mmseg_balance.inference.passes.labelled_logits import predict_views
from mmseg_balance.inference.passes.statistics_pass import spread
from mmseg_balance.inference.trained_model import build_predictor
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.declarations import labels_images
from mmseg_balance.progress import track_iterable


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Settings, and a row for each way to assign and class."""
    cfg, student = load(args, 'student')
    _, teacher = load(args, 'teacher')
    if labels_images(student):
        raise UserValueError(
            f'{args.config} is of a classifier, whose images are a pixel '
            'each: give a training of a segmentor'
        )
    target = build_labelled_test_set(cfg)
    source = build_domains(cfg)['source']
    classes = check_trained_classes(source, student, args.checkpoint)
    source = spread(source, args.max_images)
    target = spread(target, args.max_images)
    warmup = len(target) // 4
    fitted = LogitStatistics(
        len(classes), min_samples=args.min_samples, warmup=warmup
    ).to(next(student.parameters()).device)
    for (image,) in shown(predict_views([student], source), source, 'source'):
        # draws are of forks of the generator, which leave it as it is
        torch.manual_seed(args.seed + image.index)
        fitted.collect(image.logits.unsqueeze(0), image.labels.unsqueeze(0))
        fitted.update()
    offsets = TargetOffsets(fitted)
    views = predict_views([student, teacher], target)
    for own, other in shown(views, target, 'target'):
        torch.manual_seed(args.seed + own.index)
        offsets.add_target(own.logits, other.logits, own.labels)
    again = shown(predict_views([student], target), target, 'offsets')
    return dict(
        config=Path(args.config).name,
        checkpoint=Path(args.checkpoint).name,
        source_images=len(source),
        target_images=len(target),
        min_samples=args.min_samples,
        warmup=warmup,
        seed=args.seed,
        classes=classes,
        teacher=scores_of(offsets.teacher),
        rows=rows_of(classes, offsets.effects(image for (image,) in again)),
    )


def load(args: argparse.Namespace, part: str) -> tuple[Config, nn.Module]:
    """Config, and the student or the teacher."""
    return build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part=part,
        device=args.device,
    )


def scores_of(confusion: Tensor) -> dict[str, list[float | None]]:
    """Precision and recall of each class; None where there is none."""
    right = confusion.diagonal().double()
    scores = dict(
        precision=right / confusion.sum(0), recall=right / confusion.sum(1)
    )
    return {
        key: [None if v != v else round(v, 4) for v in value.tolist()]
        for key, value in scores.items()
    }


def shown(views: Iterable, images: Any, what: str) -> Iterable:
    """The same, with progress."""
    return track_iterable(views, what, len(images), 'images')


def rows_of(
    classes: list[str], found: dict[str, OffsetEffects]
) -> list[dict[str, Any]]:
    """Offsets of the own logit, and scores of the predictions."""
    rows = []
    for name, effects in found.items():
        scores = effects.scores()
        columns = {
            'offset': effects.offset('target', LABELLED)[0],
            'right': effects.offset('target', RIGHT)[0],
            'wrong': effects.offset('target', WRONG)[0],
            'margin': effects.offset('target', MARGIN)[0],
            'source': effects.offset('source', LABELLED)[0],
            'updates': effects.support('target'),
            'precision': scores['precision'],
            'recall': scores['recall'],
        }
        for c, own in enumerate(classes):
            values = {
                key: None if value[c].isnan() else round(float(value[c]), 4)
                for key, value in columns.items()
            }
            rows.append({'assignment': name, 'class': own, **values})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The same as text, of two decimals."""
    shown_rows = PrettyTable(list(rows[0]))
    for row in rows:
        shown_rows.add_row(
            [
                '-' if v is None else f'{v:.2f}' if isinstance(v, float) else v
                for v in row.values()
            ]
        )
    return shown_rows.get_string()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config', help='of a UDA training')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--max-images',
        type=positive_int,
        metavar='N',
        help='look at N images of each domain, evenly spread over it',
    )
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    parser.add_argument(
        '--out', type=Path, metavar='FILE', help='write the rows as JSON'
    )
    add_min_samples(parser)
    add_device(parser)
    add_cfg_options(parser)
    add_data_root(parser)
    return parser.parse_args()


def main() -> None:
    """Measure, print, and write what was asked for."""
    args = parse_args()
    try:
        found = measure(args)
        print(table(found['rows']))
        print('teacher:', json.dumps(found['teacher']))
        if args.out is not None:
            text = f'{json.dumps(found, indent=1)}\n'
            write_atomically(args.out, text.encode())
    except (UserError, OSError) as error:
        exit_with(one_line(error))


if __name__ == '__main__':
    sys.exit(main())
