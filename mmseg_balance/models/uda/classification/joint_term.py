"""What a classifier makes of both domains at once, and terms on it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...backward_pass import ALL, Weights, check_weights
from ...head_losses.predictions import (
    Prediction,
    decode_predictions,
    training_features,
)
from ...recording import PREDICTION, TARGET, note, noted_in


@dataclass(frozen=True, eq=False)
class JointOutputs:
    """What a classifier makes of source and target images in one pass.

    Attributes:
        source: Logits (N, C, 1, 1) and features (N, F, 1, 1), those that
            enter the classifier, of the source images.
        target: The same of the target images.
    """

    source: Prediction
    target: Prediction


def joint_outputs(
    student: nn.Module, source: Tensor, target: Tensor
) -> JointOutputs:
    """What the student makes of both batches in one pass, source first.

    Args:
        student: A classifier.
        source, target: Images of one size, (N, 3, H, W) each.
    """
    features = training_features(student, torch.cat([source, target]))
    both = decode_predictions(
        student.decode_head, features, keep_features=True
    )[0]
    count = len(source)

    def part(which: slice) -> Prediction:
        return replace(
            both, logits=both.logits[which], features=both.features[which]
        )

    outputs = JointOutputs(part(slice(count)), part(slice(count, None)))
    with noted_in(TARGET):
        note(PREDICTION, lambda: outputs.target.logits.argmax(1))
    return outputs


class JointTerm(nn.Module, ABC):
    """A term of ``JointObjective``, on what both domains give in one pass.

    Args:
        loss_weight: Factor of its losses, at least 0; or two, one for each
            pass of ``SAMOptimWrapper``.

    Attributes:
        sam_passes (tuple[int, ...]): In which passes of ``SAMOptimWrapper``
            it takes part: 1, at the weights themselves, 2, at those that
            were moved.
    """

    sam_passes: tuple[int, ...] = ALL

    def __init__(self, loss_weight: Weights = 1.0) -> None:
        super().__init__()
        check_weights(type(self).__name__, 'loss_weight', loss_weight)
        self.loss_weight = loss_weight

    def attach(self, student: nn.Module) -> None:
        """Take over what follows from the student, when it has been built.

        Args:
            student: The classifier that is trained.
        """

    @abstractmethod
    def forward(self, outputs: JointOutputs) -> dict[str, Tensor]:
        """Losses and diagnostics.

        Args:
            outputs: Of the student.

        Returns:
            Losses, whose names contain 'loss', and diagnostics, whose names
            do not; before ``loss_weight``.
        """
