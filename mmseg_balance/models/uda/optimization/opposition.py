"""The discriminators' side of an iteration, by its name of 0.1.0."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from .own_losses import forward_pass, learn_own_losses
from .sequential_backward import SequentialBackward


class Opposition:
    """For segmentors of 0.1.0 with a ``train_step`` of their own.

    Args:
        adversary: Objective with an optimizer. None: nothing happens here.
        optim_wrapper: That optimizer; None without.
    """

    def __init__(
        self, adversary: nn.Module | None, optim_wrapper: OptimWrapper | None
    ) -> None:
        warnings.warn(
            'Opposition is forward_pass and learn_own_losses of '
            f'{learn_own_losses.__module__} now',
            DeprecationWarning,
            stacklevel=2,
        )
        self.adversary = adversary
        self._records: dict[nn.Module, Any] = {}
        self._optimizations = {}
        if adversary is not None:
            self._optimizations[adversary.optimizer_name] = SequentialBackward(
                optim_wrapper
            )

    @contextmanager
    def watching(
        self, objective: nn.Module, student: nn.Module
    ) -> Iterator[None]:
        """Around the forward pass of an objective."""
        observers = [] if self.adversary is None else [self.adversary]
        with forward_pass(observers, objective, student) as self._records:
            yield

    def learn(self) -> dict[str, Tensor]:
        """Losses on the last predictions, backward."""
        return learn_own_losses(self._records, self._optimizations)

    def step(self) -> None:
        """Count the iteration; when it is due, move the discriminators."""
        for optimization in self._optimizations.values():
            optimization.step(self.adversary.own_modules().parameters())
