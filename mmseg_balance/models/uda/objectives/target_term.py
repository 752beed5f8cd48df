"""Objectives on what the student predicts for target images."""

from abc import abstractmethod

from torch import Tensor, nn

from ...recording import TARGET
from ..teacher.image_logits import ImageOutputs, image_outputs
from .objective import Objective
from .step import UDAStep


class TargetTerm(Objective):
    """An objective on a pass over target images as they are.

    By itself it makes the pass. Within a ``TargetPassObjective`` it is given
    that of all terms.
    """

    needs_target = True
    needs_pseudo_labels = False
    noted_in = TARGET

    @property
    def uses_auxiliary(self) -> bool:
        """Whether auxiliary heads have to predict."""
        return False

    @property
    def uses_features(self) -> bool:
        """Whether the main prediction has to keep its ``features``."""
        return False

    @abstractmethod
    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """Losses of a pass, as those of ``forward``.

        Args:
            student: The segmentor that is trained.
            outputs: What it made of the target images. Where it has
                auxiliary heads, they may have predicted for another term.
            step: Data of the iteration.
        """

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses of a pass of its own."""
        outputs = image_outputs(
            student,
            step.target_images,
            self.uses_auxiliary,
            self.uses_features,
        )
        return self.target_losses(student, outputs, step)
