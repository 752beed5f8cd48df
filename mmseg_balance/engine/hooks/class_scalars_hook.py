"""Writes down what a training does to each class."""

from contextlib import ExitStack

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import Tensor

from mmseg_balance.models.head_losses.logit_statistics import statistics_of
from mmseg_balance.models.recording import CONFIDENCE, LABELS, SOURCE, TARGET
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...number_checks import check_count
from ..records.backends import check_backends
from ..records.class_scalars import (
    distribution_values,
    label_values,
    named_scalars,
)
from ..records.classes import class_names, trained_head
from ..records.steps import recorded_step

RECORDED = {(SOURCE, LABELS), (TARGET, LABELS), (TARGET, CONFIDENCE)}


@HOOKS.register_module()
class ClassScalarsHook(Hook):
    """Scalars of each class, every so many iterations.

    ``pseudo.share/road`` for one; docs/logging.md lists them. They go to the
    backends of the visualizer, and not to the terminal. Shares are of the
    iteration's own batch, on rank 0; distributions are those after it. In
    other iterations nothing is noted or computed.

    Args:
        interval: Iterations from one time to the next, at least 1.

    Raises:
        ValueError: ``interval`` is no such number; before training: the
            visualizer has no backend.
    """

    # behind hooks that update distributions; before a checkpoint is saved
    # and the run may end
    priority = 'BELOW_NORMAL'
    without_effect = True

    def __init__(self, interval: int = 50) -> None:
        check_count(type(self).__name__, 'interval', interval)
        self.interval = interval
        self._labels: _Labels | None = None

    def prepare(self, runner: Runner) -> None:
        """See ``check_backends``."""
        check_backends(type(self).__name__, runner)

    def before_train(self, runner: Runner) -> None:
        """Find the classes, and the distributions of the decode head."""
        self.prepare(runner)
        self._model = unwrapped(runner.model)
        dataset = runner.train_dataloader.dataset
        head = trained_head(self._model)
        count = None if head is None else head.num_classes
        self._classes = class_names(dataset, count)
        self._statistics = None if head is None else statistics_of(head)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Have labels noted, when it is time."""
        if is_main_process() and self.every_n_train_iters(
            runner, self.interval
        ):
            self._labels = _Labels()
            self._recording = ExitStack()
            self._recording.enter_context(
                recorded_step(self._model, self._labels)
            )

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Write the scalars, when it is time."""
        if self._labels is None:
            return
        self._recording.close()
        values = label_values(self._labels.found, len(self._classes))
        self._labels = None
        if self._statistics is not None:
            values |= distribution_values(self._statistics)
        scalars = named_scalars(values, self._classes)
        runner.visualizer.add_scalars(scalars, step=runner.iter + 1)


class _Labels:
    """Records the labels of a step, and how confident those of target are."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Tensor] = {}

    def wants(self, row: str, name: str) -> bool:
        return (row, name) in RECORDED - self.found.keys()

    def record(self, row: str, name: str, value: Tensor) -> None:
        self.found[row, name] = value
