"""Writes down the class weights of losses that find them in training."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmseg.registry import HOOKS
from torch import nn
from torch.utils.data import Dataset

from mmseg_balance.models.losses.class_weights.weight_history import (
    WeightHistory,
)
from mmseg_balance.models.panoptic import InstanceHead
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserValueError
from ...number_checks import check_count
from ..records.class_scalars import named_scalars
from ..records.classes import class_names

FILE = 'class_weights.jsonl'


@HOOKS.register_module()
class ClassWeightsHook(Hook):
    """A line for every so many iterations: mean, max, variance by class.

    Of GBWLoss, LBWLoss and weighted entropy; lines go to
    ``class_weights.jsonl`` in the folder of the log, and
    ``mmseg-balance figure class-weights`` draws them (Fig. 2 and 6 of the GBW
    paper). The means go to the backends of the visualizer, too, as
    ``weight.decode_head.source/road`` for one. On several ranks they are rank
    0's. Those of a classifier of instances have the names of the thing
    classes, and 'background' for the last.

    Args:
        interval: Iterations a line, at least 1.

    Raises:
        ValueError: Before training: the model has no such loss.
    """

    # before checkpoints are saved and the run may end
    priority = 'BELOW_NORMAL'

    def __init__(self, interval: int = 50) -> None:
        check_count(type(self).__name__, 'interval', interval)
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
        dataset = runner.train_dataloader.dataset
        self.classes = getattr(dataset, 'metainfo', {}).get('classes')
        self.names = {
            path: instance_classes(model, path, class_names(dataset))
            for path in self.histories
        }

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
        for line in lines:
            if self.names[line['loss']]:
                line['names'] = self.names[line['loss']]
        runner.visualizer.add_scalars(
            self._scalars(runner.train_dataloader.dataset, lines),
            step=iteration,
        )
        path = Path(runner.log_dir) / FILE
        if not path.exists():
            lines.insert(0, dict(classes=self.classes, begin=self._begin))
        with path.open('a') as file:
            file.writelines(json.dumps(line) + '\n' for line in lines)

    def _scalars(self, dataset: Dataset, lines: list[dict]) -> dict:
        """The means of lines by name and class."""
        owners = owner_names(self.histories)
        scalars = {}
        for line in lines:
            name = f'weight.{owners[line["loss"]]}.{line["branch"]}'
            mean = line['mean']
            names = line.get('names') or class_names(dataset, len(mean))
            scalars |= named_scalars({name: mean}, names)
        return scalars


def instance_classes(
    model: nn.Module, path: str, classes: Sequence[str]
) -> list[str] | None:
    """Names of what a loss of an instance branch classifies.

    Args:
        model: The model.
        path: Path of the loss in it.
        classes: Names of the classes of the data set.

    Returns:
        Names of the thing classes, and 'background'; None for a loss of
        all classes.
    """
    owner = model
    for part in path.split('.'):
        if isinstance(owner, InstanceHead):
            names = dict(enumerate(classes))
            things = [names.get(i, f'class {i}') for i in owner.things]
            return [*things, 'background']
        owner = getattr(owner, part)
    return None


def owner_names(losses: Iterable[str]) -> dict[str, str]:
    """Names of what losses are of, as scalars have them.

    A scalar whose name contains 'loss' would pass for a loss.

    Args:
        losses: Paths of losses in the model.

    Returns:
        By path: the part of it before the loss, with a number where another
        loss is of the same.
    """
    found: dict[str, str] = {}
    for path in losses:
        owner = path.removeprefix('student.')
        for name in ('.loss_decode', '.loss_cls'):
            owner = owner.partition(name)[0]
        owner = base = owner.replace('loss', 'criterion')
        number = 1
        while owner in found.values():
            number += 1
            owner = f'{base}_{number}'
        found[path] = owner
    return found
