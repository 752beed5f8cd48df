"""The discriminators' side of an iteration."""

from contextlib import AbstractContextManager, nullcontext

from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from ..objectives import AdversarialObjective, SourceObjective
from .sequential_backward import SequentialBackward


class Opposition:
    """Discriminators learn from what the student predicts, as it does so.

    Their part of a domain goes backward as soon as it is known, beside the
    student's objectives: one graph is alive at a time, and no predictions
    are kept for later. All are from before the student's update.

    Args:
        adversary: Objective with discriminators. None: nothing happens here.
        optim_wrapper: The discriminators' optimizer; None without.
    """

    def __init__(
        self,
        adversary: AdversarialObjective | None,
        optim_wrapper: OptimWrapper | None,
    ) -> None:
        self.adversary = adversary
        self.optim_wrapper = optim_wrapper
        if adversary is not None:
            self.optimization = SequentialBackward(optim_wrapper)

    def watching(
        self, objective: nn.Module, student: nn.Module
    ) -> AbstractContextManager:
        """Around an objective: what it predicts for the source is noted.

        Args:
            objective: Objective whose losses are computed in here.
            student: The segmentor that is trained.
        """
        if self.adversary is None or not isinstance(
            objective, SourceObjective
        ):
            return nullcontext()
        return self.adversary.watching(student)

    def learn(self) -> dict[str, Tensor]:
        """Losses on the last predictions, backward.

        Returns:
            Losses and accuracies by name, which are no terms of the
            student's loss; empty where nothing was predicted.
        """
        if self.adversary is None:
            return {}
        with self.optim_wrapper.optim_context(self.adversary):
            found = self.adversary.discriminator_losses()
        if found:
            losses = [value for key, value in found.items() if 'loss' in key]
            self.optimization.backward(sum(losses))
        return {f'discriminator.{k}': v.detach() for k, v in found.items()}

    def step(self) -> None:
        """Count the iteration; when it is due, move the discriminators."""
        if self.adversary is not None:
            self.optimization.step(self.adversary.discriminators.parameters())
