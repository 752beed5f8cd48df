"""Writes down the class weights of losses that find them in training."""

import json
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from mmseg_balance.models.losses.class_weights.weight_history import (
    WeightHistory,
)
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserValueError

FILE = 'class_weights.jsonl'


@HOOKS.register_module()
class ClassWeightsHook(Hook):
    """A line for every so many iterations: mean, max, variance by class.

    Of GBWLoss, LBWLoss and weighted entropy; lines go to
    ``class_weights.jsonl`` in the folder of the log, and
    tools/analysis_tools/plot_class_weights.py draws them (Fig. 2 and 6 of the
    GBW paper). On several ranks they are rank 0's.

    Args:
        interval: Iterations a line, at least 1.

    Raises:
        ValueError: Before training: the model has no such loss.
    """

    # before checkpoints are saved and the run may end
    priority = 'BELOW_NORMAL'

    def __init__(self, interval: int = 50) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise UserValueError(
                'Expected `interval` of ClassWeightsHook to be a whole number '
                f'of at least 1, but got {interval!r}'
            )
        self.interval = interval

    def before_train(self, runner) -> None:
        """Find the losses."""
        self.prepare(runner)
        self._begin = runner.iter

    def prepare(self, runner) -> None:
        """What ``before_train`` does; earlier, it shows errors earlier.

        Args:
            runner: Runner with its training loop.
        """
        model = unwrapped(runner.model)
        self.histories = {
            name: module.history
            for name, module in model.named_modules()
            if isinstance(getattr(module, 'history', None), WeightHistory)
        }
        if not self.histories:
            raise UserValueError(
                'ClassWeightsHook found no loss with changing class weights '
                "in the model: remove dict(type='ClassWeightsHook') from "
                "custom_hooks, or set loss_decode=dict(type='GBWLoss')"
            )
        meta = getattr(runner.train_dataloader.dataset, 'metainfo', {})
        self.classes = meta.get('classes')

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Write a line for each loss and branch, when it is time."""
        if self.every_n_train_iters(runner, self.interval):
            self._write(runner, runner.iter + 1)

    def after_train(self, runner) -> None:
        """Write what is left of the last lines."""
        self._write(runner, runner.iter)

    def _write(self, runner, iteration: int) -> None:
        lines = [
            dict(iter=iteration, loss=name, branch=branch, **values)
            for name, history in self.histories.items()
            for branch, values in history.take().items()
        ]
        if not lines or not is_main_process():
            return
        path = Path(runner.log_dir) / FILE
        if not path.exists():
            lines.insert(0, dict(classes=self.classes, begin=self._begin))
        with path.open('a') as file:
            file.writelines(json.dumps(line) + '\n' for line in lines)
