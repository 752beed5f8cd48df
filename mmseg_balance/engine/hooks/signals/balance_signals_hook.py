"""What can be known of a training's balance without target labels."""

from contextlib import ExitStack
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import Tensor

from mmseg_balance.models.losses.class_weights.rank_sums import sum_over_ranks
from mmseg_balance.models.recording import SOURCE, TARGET
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ....errors import UserValueError
from ....number_checks import check_count
from ...records.backends import check_backends
from ...records.balance_signals import (
    DOMAINS,
    eq5_bias,
    mean_magnitude,
    support,
    total_variation,
    update_counts,
)
from ...records.class_scalars import named_scalars
from ...records.classes import class_names, trained_head
from ...records.step_labels import ROWS, StepLabels
from ...records.steps import recorded_step
from .model_parts import labels_target, trained_statistics
from .watches import Watches

KEY = 'balance_signals'


@HOOKS.register_module()
class BalanceSignalsHook(Hook):
    """Scalars that say, without target labels, what becomes of the classes.

    Every so many iterations, over all of them since the last time and over
    all ranks: shares of the classes among source labels and pseudo-labels,
    and how far the latter are (total variation distance) from the former and
    from what they were behind the warm-up; how many updates of BLDA's
    mixtures each class had pixels for, and its bias by Eq. 5, see
    docs/logging.md. They go to the backends of the visualizer. Sums stay on
    the device until then; a checkpoint has them, so that a resumed run
    writes what the run would have written.

    Args:
        interval: Iterations from one time to the next, at least 1.
        begin: Iterations before the first interval that later ones are
            compared with. Default: the warm-up of the mixtures, 0 without
            any.
        bias: Whether to compute Eq. 5, whose cost grows with C^3: two
            minutes on a CPU with 150 classes.
        max_share_ratio: How many times its share of the source labels a
            class may have of the pseudo-labels without a warning, see
            :class:`.share_watch.ShareWatch`; None: no warning. In a run that
            logit adjustment had spoilt it was 9 and more, in others that had
            learnt 4.0 at most (docs/which_method.md).
        max_bias_ratio: How many times that of the source the bias by Eq. 5 of
            the target may be without a warning, see
            :class:`.bias_watch.BiasWatch`; None: no warning. It was 11 and
            more at the end of runs that had lost a class of the target, 2.4
            at most in others but one (there, too).

    Raises:
        ValueError: A setting is no such number; before training: the
            visualizer has no backend, or the model has neither pseudo-labels
            nor BLDALoss.
    """

    # behind hooks that update distributions; before a checkpoint is saved
    # and the run may end
    priority = 'BELOW_NORMAL'
    without_effect = True

    def __init__(
        self,
        interval: int = 50,
        begin: int | None = None,
        bias: bool = True,
        max_share_ratio: float | None = 5.0,
        max_bias_ratio: float | None = 4.0,
    ) -> None:
        name = type(self).__name__
        check_count(name, 'interval', interval)
        if begin not in (None, 0) or isinstance(begin, bool):
            check_count(name, 'begin', begin)
        self.interval = interval
        self.begin = begin
        self.bias = bias
        self._watches = Watches(name, max_share_ratio, max_bias_ratio)
        self._loaded: dict[str, Any] | None = None

    def prepare(self, runner: Runner) -> None:
        """Refuse what has nothing to write, or nowhere to."""
        check_backends(type(self).__name__, runner)
        model = unwrapped(runner.model)
        if not labels_target(model) and trained_statistics(model) is None:
            raise UserValueError(
                f'{type(self).__name__} found neither pseudo-labels nor '
                f'BLDALoss in a model of type {type(model).__name__}: remove '
                f"dict(type='{type(self).__name__}') from custom_hooks"
            )

    def before_train(self, runner: Runner) -> None:
        """Find the classes and distributions, and go on where it was."""
        self.prepare(runner)
        self._model = unwrapped(runner.model)
        self._statistics = trained_statistics(self._model)
        head = trained_head(self._model)
        count = None if head is None else head.num_classes
        dataset = runner.train_dataloader.dataset
        self._classes = class_names(dataset, count)
        device = next(self._model.parameters()).device
        self._counts = torch.zeros(
            2, len(self._classes), dtype=torch.int64, device=device
        )
        self._reference: Tensor | None = None
        self._watches.reset()
        self._since = runner.iter
        self._updates = self._updates_now()
        if self._loaded is not None:
            self._counts = self._loaded['counts'].to(device)
            self._reference = self._loaded['reference']
            self._since = self._loaded['since']
            # of a training that had no distributions yet, or has none now
            updates = self._loaded['updates']
            if updates is not None and self._statistics is not None:
                self._updates = updates
            # which a checkpoint of an earlier version lacks
            self._watches.state = self._loaded.get('watches', {})
        self._loaded = None
        self._warn(runner)

    def _warn(self, runner: Runner) -> None:
        """Say so where shares can never be compared with earlier ones."""
        if not labels_target(self._model) or self._reference is not None:
            return
        begin, whose = self.begin or 0, 'begin'
        if self.begin is None and self._statistics is not None:
            # an update an iteration, at most
            bank = self._statistics.source
            begin = runner.iter + max(bank.warmup - int(bank.step), 0)
            whose = 'the warm-up of BLDALoss'
        # an interval to compare with, and one that is compared
        first = -(-begin // self.interval) * self.interval
        if first + 2 * self.interval > runner.max_iters:
            runner.logger.warning(
                f'{type(self).__name__} will not write balance/from_start: '
                f'no two intervals of {self.interval} iterations lie between '
                f'iteration {begin} ({whose}) and the last, '
                f'{runner.max_iters}; set begin, or interval, to less'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Have labels noted."""
        self._labels = StepLabels()
        self._recording = ExitStack()
        self._recording.enter_context(recorded_step(self._model, self._labels))

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Count them, and write the scalars when it is time."""
        self._recording.close()
        counts = self._labels.counts(self._counts)
        del self._labels
        # each time: a checkpoint is rank 0's
        reduce = sum_over_ranks()
        self._counts += counts if reduce is None else reduce(counts)
        if self.every_n_train_iters(runner, self.interval):
            self._write(runner)

    def _write(self, runner: Runner) -> None:
        counts = self._counts.double().cpu()
        values, scalars = self._of_labels(dict(zip(ROWS, counts, strict=True)))
        # mixtures of the warm-up are of few batches
        warned = dict(values)
        if self._statistics is not None:
            are_warm = self._mixtures_are_warm
            of_statistics = self._of_statistics(scalars)
            values |= of_statistics
            warned |= of_statistics if are_warm else {}
        self._watches.warn(
            runner.logger, self._classes, warned, runner.iter + 1
        )
        scalars = {f'balance/{k}': v for k, v in scalars.items() if v == v}
        scalars |= named_scalars(
            {k: v.tolist() for k, v in values.items()}, self._classes
        )
        runner.visualizer.add_scalars(scalars, step=runner.iter + 1)
        self._counts.zero_()
        self._since = runner.iter + 1

    def _of_labels(
        self, counts: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Shares of the classes, and how far they are from each other."""
        seen = {name: c for name, c in counts.items() if c.any()}
        values = {f'share.{name}': c / c.sum() for name, c in seen.items()}
        scalars = {}
        if TARGET in seen:
            own = seen[TARGET]
            if SOURCE in seen:
                scalars['from_source'] = total_variation(own, seen[SOURCE])
            if self._reference is not None:
                scalars['from_start'] = total_variation(own, self._reference)
            elif self._is_warm:
                self._reference = own
        return values, scalars

    def _of_statistics(self, scalars: dict[str, float]) -> dict[str, Tensor]:
        """What the mixtures rest on, and say; totals go to ``scalars``."""
        values = {}
        now = self._updates_now()
        shares = support(now, self._updates)
        for name, own in zip(DOMAINS, shares, strict=True):
            values[f'support.{name}'] = own
        self._updates = now
        if self.bias and is_main_process():
            for name, points in eq5_bias(self._statistics).items():
                values[f'bias.{name}'] = points
                scalars[f'bias_{name}'] = mean_magnitude(points)
        return values

    @property
    def _is_warm(self) -> bool:
        """Whether later intervals are compared with the one that ends."""
        if self.begin is not None:
            return self._since >= self.begin
        return self._statistics is None or self._mixtures_are_warm

    @property
    def _mixtures_are_warm(self) -> bool:
        """Whether the interval that ends began behind their warm-up."""
        return bool(self._updates[0, -1] >= self._statistics.source.warmup)

    def _updates_now(self) -> Tensor | None:
        if self._statistics is None:
            return None
        return update_counts(self._statistics).cpu()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the sums to a checkpoint."""
        if not hasattr(self, '_counts'):  # not of a training
            return
        checkpoint[KEY] = dict(
            counts=self._counts.cpu().clone(),
            reference=self._reference,
            since=self._since,
            updates=self._updates,
            watches=self._watches.state,
        )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take them from the checkpoint of a run that goes on."""
        if runner._resume:
            self._loaded = checkpoint.get(KEY)
