"""A validation that a run was stopped before, or in."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

VALIDATED_KEY = 'validated_iter'


class MissingValidationHook(Hook):
    """Validates a resumed run before it trains on, where that is due.

    A checkpoint is written before the validation of its iteration, so it
    knows nothing of the scores: not even where that validation was done is
    its best score, or that of early stopping, in what a resume reads. Where
    ``save_best`` found a new best, mmengine writes the checkpoint once more
    behind the validation; of that it is known, and nothing is done.

    ``ResumableIterBasedTrainLoop`` adds it.
    """

    # behind all that prepares a run
    priority = 'LOWEST'

    def before_train_epoch(self, runner: Runner) -> None:
        """Validate, if the iteration asks for it.

        Args:
            runner: The runner, with its checkpoint loaded.
        """
        loop = runner.train_loop
        done = runner.message_hub.runtime_info.get(VALIDATED_KEY)
        if not loop.iter or done == loop.iter or not loop.validation_is_due():
            return
        runner.logger.warning(
            f'the checkpoint was written before the validation of iteration '
            f'{loop.iter}: validating first'
        )
        runner.message_hub.update_info(VALIDATED_KEY, loop.iter)
        runner.val_loop.run()
