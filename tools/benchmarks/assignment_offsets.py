"""What BLDA's offsets of the target would be with other pseudo-labels.

    python tools/benchmarks/assignment_offsets.py CONFIG CHECKPOINT

Fits the target's distributions of one frozen student several times, with each
`target_assignment` and `target_threshold` that `BLDALoss` has, and with the
labels of the test set in place of the teacher's: where the row 'hard' differs
from 'labels', confusions of the teacher mislead the statistics; where it does
not, the offsets are right, and whatever is wrong is lifted by them. The
source's distributions, which are the anchors', are the same in all rows.
Labels serve this comparison alone.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from prettytable import PrettyTable
from torch import Tensor

from mmseg_balance.cli.options import (
    add_cfg_options,
    add_data_root,
    add_device,
    add_min_samples,
    positive_int,
)
from mmseg_balance.configuration.reading import load_config
from mmseg_balance.errors import UserError, exit_with, one_line
from mmseg_balance.evaluation.offsets.effects import (
    LABELLED,
    RIGHT,
    WRONG,
    OffsetEffects,
)
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.inference.domain_data import build_domains
from mmseg_balance.inference.evaluation_set import build_labelled_test_set
from mmseg_balance.inference.passes.labelled_logits import (
    LabelledLogits,
    predict_views,
)
from mmseg_balance.inference.passes.statistics_pass import spread
from mmseg_balance.inference.trained_model import build_predictor
from mmseg_balance.logits.statistics.online import LogitStatistics
from mmseg_balance.models.head_losses.sampled_labels import sample_labels
from mmseg_balance.models.head_losses.target_assignment import TargetAssignment
from mmseg_balance.progress import track_iterable

IGNORED = 255
ASSIGNMENTS = {
    'hard': TargetAssignment(),
    'soft': TargetAssignment('soft'),
    'confidence': TargetAssignment('confidence'),
    'threshold 0.9': TargetAssignment(threshold=0.9),
    'threshold 0.968': TargetAssignment(threshold=0.968),
}
LABELS = 'labels'


class TargetOffsets:
    """Distributions of one student, one for each way to assign pixels.

    Args:
        num_classes: Number of classes C.
        min_samples: Pixels N_min that a class needs in an image.
        num_images: Images of the target; a quarter of as many updates is the
            warm-up.
    """

    def __init__(
        self, num_classes: int, min_samples: int, num_images: int
    ) -> None:
        self.num_classes = num_classes
        self.statistics = {
            name: LogitStatistics(
                num_classes, min_samples=min_samples, warmup=num_images // 4
            )
            for name in (*ASSIGNMENTS, LABELS)
        }

    def add_source(self, logits: Tensor, labels: Tensor) -> None:
        """Feed the source's bank and the anchors: (C, H, W) and (H, W)."""
        for statistics in self.statistics.values():
            statistics.collect(logits.unsqueeze(0), labels.unsqueeze(0))
            statistics.update()

    def add_target(
        self, logits: Tensor, teacher: Tensor, labels: Tensor
    ) -> None:
        """Feed the target's banks, all of the same pixels.

        Args:
            logits: Of the student, float32 (C, H, W).
            teacher: Those of the teacher, (C, H, W).
            labels: int64 (H, W), 255 where ignored.
        """
        teacher, labels = teacher.unsqueeze(0), labels.unsqueeze(0)
        sampled = sample_labels(teacher)
        # what has no label is left out of all, to compare like with like
        pseudo = teacher.argmax(1).masked_fill(labels == IGNORED, IGNORED)
        assigned = {
            name: assignment.labels(pseudo, sampled, IGNORED)
            for name, assignment in ASSIGNMENTS.items()
        }
        for name, classes in (assigned | {LABELS: labels}).items():
            self.statistics[name].collect(
                logits.unsqueeze(0),
                classes,
                torch.ones_like(classes, dtype=torch.bool),
            )
            self.statistics[name].update()

    def effects(
        self, images: Iterable[LabelledLogits]
    ) -> dict[str, OffsetEffects]:
        """Offsets that the student's pixels get by each of them.

        Args:
            images: Of the student, with labels.
        """
        found = {
            name: OffsetEffects(statistics, self.num_classes)
            for name, statistics in self.statistics.items()
        }
        for image in images:
            for effects in found.values():
                effects.add(image.logits, image.labels)
        return found


def measure(args: argparse.Namespace) -> tuple[list[str], list[dict]]:
    """Classes, and a row for each way to assign and class."""
    cfg, student = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part='student',
        device=args.device,
    )
    _, teacher = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part='teacher',
        device=args.device,
    )
    target = build_labelled_test_set(cfg)
    classes = list(target.metainfo['classes'])
    source = spread(build_domains(cfg)['source'], args.max_images)
    target = spread(target, args.max_images)
    torch.manual_seed(args.seed)
    offsets = TargetOffsets(len(classes), args.min_samples, len(target))
    for (image,) in shown(predict_views([student], source), source, 'source'):
        offsets.add_source(image.logits, image.labels)
    views = predict_views([student, teacher], target)
    for own, other in shown(views, target, 'target'):
        offsets.add_target(own.logits, other.logits, own.labels)
    again = shown(predict_views([student], target), target, 'offsets')
    return classes, rows_of(
        classes, offsets.effects(image for (image,) in again)
    )


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
        classes, rows = measure(args)
        print(table(rows))
        if args.out is not None:
            content = dict(
                config=Path(args.config).name, classes=classes, rows=rows
            )
            text = f'{json.dumps(content, indent=1)}\n'
            write_atomically(args.out, text.encode())
    except (UserError, OSError) as error:
        exit_with(one_line(error))


if __name__ == '__main__':
    sys.exit(main())
