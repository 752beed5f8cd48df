"""Keeps the logit distributions of the losses up to date."""

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import HOOKS

from mmseg_balance.models.declarations import (
    labels_images,
    modules_with_hook,
)
from mmseg_balance.models.head_losses.logit_statistics import (
    check_enough_images,
)
from mmseg_balance.models.head_losses.segmentation_loss import loss_modules
from mmseg_balance.models.run_constants import check_settled
from mmseg_balance.models.uda.checks.sampled_labels import (
    check_sampled_labels,
)
from mmseg_balance.models.uda.checks.segmentor import check_head
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserValueError


@HOOKS.register_module()
class GMMUpdateHook(Hook):
    """Calls ``update_statistics`` of losses after each iteration.

    Of those that name it in ``required_hooks``: every BLDALoss, for one.
    EM, the exchange between ranks, the momentum step and the offset tables
    happen here, once an iteration, whatever number of calls the losses had.

    Args:
        interval: Iterations from one update to the next. The paper updates
            after each one, 1. With n, the logits of every n-th iteration
            alone are sampled, and offsets stay as they are in between. The
            staleness of a mixture counts iterations, so that an update moves
            it as far as n would; ``warmup`` counts updates, and lasts n times
            as long. Nothing waits from one iteration to the next: a run that
            is resumed between two updates is the same run.

    Raises:
        TypeError: Before training, when a head with such a loss computes its
            losses in its own way.
        ValueError: ``interval`` is no number of iterations; or, before
            training, the model has no such loss, or one that follows a
            teacher where there is none, or is a classifier whose batches
            never have ``min_samples`` images of a class.
    """

    priority = 'NORMAL'
    in_dry_run = True

    def __init__(self, interval: int = 1) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise UserValueError(
                'Expected `interval` of GMMUpdateHook to be a number of '
                f'iterations, at least 1, but got {interval!r}'
            )
        self.interval = interval

    def before_train(self, runner) -> None:
        """Find the losses."""
        model = unwrapped(runner.model)
        self.losses = modules_with_hook(model, GMMUpdateHook.__name__)
        for name, module in model.named_modules():
            if isinstance(module, BaseDecodeHead) and any(
                loss in self.losses for loss in loss_modules(module)
            ):
                check_head(name, module)
        if not self.losses:
            raise UserValueError(
                'GMMUpdateHook found no BLDALoss in the model: remove '
                "dict(type='GMMUpdateHook') from custom_hooks, or set "
                "loss_decode=dict(type='BLDALoss', num_classes=...)"
            )
        for loss in self.losses:
            check_settled(loss)
        check_sampled_labels(
            self.losses, getattr(model, 'needs_pseudo_labels', False)
        )
        if labels_images(model):
            self._check_images(runner)

    def _check_images(self, runner) -> None:
        """Refuse batches of a classifier that never are enough."""
        batch_size = runner.train_dataloader.batch_size
        if batch_size is None:  # batches of a sampler of a user's
            return
        lines = {
            check_enough_images(loss.statistics, batch_size, get_world_size())
            for loss in self.losses
            if hasattr(loss, 'statistics')
        }
        for line in lines - {None}:
            runner.logger.warning(line)

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        """Let them sample where an update follows."""
        self._let_sample(self._is_due(runner))

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Update each of them, or let them grow older."""
        due = self._is_due(runner)
        for loss in self.losses:
            if due:
                loss.update_statistics()
            elif hasattr(loss, 'age_statistics'):
                loss.age_statistics()
        self._let_sample(True)  # whoever calls them next, without this hook

    def _let_sample(self, samples: bool) -> None:
        if self.interval > 1:
            for loss in self.losses:
                loss.collects_statistics = samples

    def _is_due(self, runner) -> bool:
        return self.every_n_train_iters(runner, self.interval)
