"""Counts the images that a training leaves out."""

import logging

from mmengine.dist import get_rank, is_main_process
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from mmseg_balance.datasets.loading.bad_files import LEFT_OUT_KEY

COUNT_KEY = 'num_bad_images'


@HOOKS.register_module()
class BadImagesHook(Hook):
    """Logs what ``UDADataset(on_bad_image='skip')`` drew another image for.

    Each file once, with the number of all draws that were replaced since the
    beginning of the training; the number is kept in the checkpoints. Ranks
    count what they draw themselves. A training adds the hook where its data
    set skips bad images.
    """

    priority = 'NORMAL'
    without_effect = True

    def before_train(self, runner) -> None:
        """Begin with no file said."""
        self._said: set[str] = set()

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Say what was left out for the batch."""
        messages = [
            message
            for domain in (data_batch or {}).values()
            for sample in domain.get('data_samples') or ()
            for message in sample.metainfo.get(LEFT_OUT_KEY, ())
        ]
        if not messages:
            return
        hub = runner.message_hub
        count = self._count(runner) + len(messages)
        hub.update_info(COUNT_KEY, count)
        new = [m for m in dict.fromkeys(messages) if m not in self._said]
        self._said.update(new)
        for message in new:
            self._log(
                runner,
                f'iteration {runner.iter + 1}: left out, {count} draws '
                f'replaced so far: {message}',
            )

    def after_train(self, runner) -> None:
        """Say how many they were."""
        count = self._count(runner)
        if count:
            self._log(
                runner,
                f"{count} draws of images were replaced (on_bad_image='skip'),"
                f' {len(self._said)} files since the training was started or '
                'resumed: mmseg-balance data check lists all bad files',
            )

    @staticmethod
    def _count(runner) -> int:
        hub = runner.message_hub
        return hub.runtime_info.get(COUNT_KEY, 0)

    @staticmethod
    def _log(runner, line: str) -> None:
        # other ranks log errors alone
        if is_main_process():
            runner.logger.warning(line)
        else:
            runner.logger.log(logging.ERROR, f'rank {get_rank()}: {line}')
