"""What a hook may say and offer, beside the methods that mmengine calls.

Class attributes, False where there is none:

- ``in_dry_run``: whether a dry run copies the hook and calls it around its one
  iteration. So for hooks that change the model or look at its outputs, and
  write no file.
- ``without_effect``: whether no number depends on the hook, so that a resumed
  run may have another one.
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
