"""Target distributions of one student, by how its pixels are assigned."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor

from mmseg_balance.evaluation.confusion import confusion_matrix
from mmseg_balance.evaluation.offsets.effects import OffsetEffects
from mmseg_balance.inference.passes.labelled_logits import LabelledLogits
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.head_losses.sampled_labels import sample_labels
from mmseg_balance.models.head_losses.target_assignment import TargetAssignment

IGNORED = 255
ASSIGNMENTS = {
    'hard': TargetAssignment(),
    'soft': TargetAssignment('soft'),
    'confidence': TargetAssignment('confidence'),
    'threshold 0.9': TargetAssignment(threshold=0.9),
}
LABELS = 'labels'


class TargetOffsets:
    """Distributions of one student, one for each way to assign pixels.

    Args:
        source: With banks of the source and anchors, fitted, which all
            share; it is not changed. On the device of the logits.

    Attributes:
        statistics: By assignment, and 'labels'.
        teacher: Its confusion matrix, rows are labels, int64 (C, C).
    """

    def __init__(self, source: LogitStatistics) -> None:
        self.num_classes = source.num_classes
        self.statistics = {
            name: copy.deepcopy(source) for name in (*ASSIGNMENTS, LABELS)
        }
        self.teacher = torch.zeros(2 * (self.num_classes,), dtype=torch.int64)

    def add_target(
        self, logits: Tensor, teacher: Tensor, labels: Tensor
    ) -> None:
        """Feed the target's banks, all of the same pixels.

        Args:
            logits: Of the student, float32 (C, H, W).
            teacher: Those of the teacher, (C, H, W).
            labels: int64 (H, W), 255 where ignored.
        """
        called = confusion_matrix(teacher.argmax(0), labels, self.num_classes)
        self.teacher += called.cpu()
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
