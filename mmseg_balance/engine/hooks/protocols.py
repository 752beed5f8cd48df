"""What a hook may say and offer, beside the methods that mmengine calls.

A class attribute ``in_dry_run = True`` says that a dry run copies the hook and
calls it around its one iteration: a hook that changes the model or looks at
its outputs, and writes no file.
"""

from typing import Protocol, runtime_checkable

from mmengine.runner import Runner


@runtime_checkable
class PreparesTraining(Protocol):
    """A hook whose ``prepare`` is called when a training has been built.

    So that what cannot work is said before the first iteration.
    """

    def prepare(self, runner: Runner) -> str | None:
        """Look at a run that is about to start.

        Args:
            runner: Runner with its training loop, optimizer and hooks.

        Returns:
            A line for the user, or None.

        Raises:
            Exception: The run cannot work; says why.
        """
