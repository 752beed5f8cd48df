"""Several gradients before one step, for optimizers that ask for them."""

import random
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import torch


class SeveralPasses(Protocol):
    """An optimizer wrapper whose step needs more than one gradient.

    SAM, for one. A model that trains with it makes all its losses go
    backward in each pass, in the context of that pass; then it counts the
    iteration and, when it is due, calls ``step``.

    Attributes:
        passes (int): How many gradients a step needs.
    """

    passes: int

    def pass_context(self, number: int) -> AbstractContextManager[None]:
        """Around a pass.

        Args:
            number: From 1. When the second one begins, gradients are those
                of the first, equal on all ranks.
        """


class Draws:
    """Random numbers that are drawn again in each pass.

    Two passes are of one loss at two weights only where dropout, masks and
    mixtures are the same in both.
    """

    def __init__(self) -> None:
        self._restore: dict[Hashable, Callable[[], None]] = {}

    def repeat(self, part: Hashable) -> None:
        """Set the generators to where they were when a part began first.

        Args:
            part: Whoever draws next. New ones go on from where the
                generators are.
        """
        if part in self._restore:
            self._restore[part]()
        else:
            self._restore[part] = _generators()


def _generators() -> Callable[[], None]:
    """Note the states of all generators; what is returned restores them."""
    python, numpy = random.getstate(), np.random.get_state()
    states = {torch: torch.get_rng_state()}
    if torch.cuda.is_initialized():
        states[torch.cuda] = torch.cuda.get_rng_state()

    def restore() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        for module, state in states.items():
            module.set_rng_state(state)

    return restore
