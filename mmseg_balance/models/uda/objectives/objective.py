"""What an objective is."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from .step import ShownBatch, UDAStep


class Objective(nn.Module, ABC):
    """One term of the total loss, with a backward pass of its own.

    A method is a list of objectives; a new one is a registered subclass in
    a file of its own.

    Attributes:
        prefix (str): Of its losses in the log.
        needs_target (bool): Whether it learns from target images.
        needs_pseudo_labels (bool): Whether it learns from the teacher's
            labels of them; counts with ``needs_target`` alone.
        mixes_domains (bool): Whether it mixes source and target images,
            which then are of one shape.
    """

    prefix: str
    needs_target: bool
    needs_pseudo_labels: bool = True
    mixes_domains: bool = False

    def attach(self, student: nn.Module) -> None:
        """Take over what follows from the student, when it has been built.

        Args:
            student: The segmentor that is trained.
        """

    def after_init(self, student: nn.Module) -> None:
        """Called when the initial weights of the student are loaded."""

    def labelling(self, teacher: nn.Module) -> AbstractContextManager:
        """Around the teacher's pass over the target images.

        Args:
            teacher: The segmentor that labels them.
        """
        return nullcontext()

    def shown(self, step: UDAStep) -> ShownBatch | None:
        """What the student is given, with what is drawn for it.

        Args:
            step: Data of the iteration.

        Returns:
            Images that are made for this objective, and their labels; None
            where they are those of the step.
        """
        return None

    @abstractmethod
    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses and diagnostics of an iteration.

        Args:
            student: The segmentor that is trained.
            step: Data of the iteration.

        Returns:
            Losses, whose names contain 'loss' and which are added up, and
            diagnostics, whose names do not.
        """
