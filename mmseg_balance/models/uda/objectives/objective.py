"""What an objective is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from ..step import UDAStep


class Objective(nn.Module, ABC):
    """One term of the total loss, with a backward pass of its own.

    A method is a list of objectives; a new one is a registered subclass in
    a file of its own.

    Attributes:
        prefix (str): Of its losses in the log.
        needs_target (bool): Whether it learns from target images and the
            teacher's labels of them.
    """

    prefix: str
    needs_target: bool

    def attach(self, student: nn.Module) -> None:
        """Take over what follows from the student, when it has been built.

        Args:
            student: The segmentor that is trained.
        """

    def after_init(self, student: nn.Module) -> None:
        """Called when the initial weights of the student are loaded."""

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
