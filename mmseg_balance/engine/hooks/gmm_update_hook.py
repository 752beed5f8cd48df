"""Keeps the logit distributions of the losses up to date."""

from mmengine.hooks import Hook
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import HOOKS

from mmseg_balance.models.declarations import modules_with_hook
from mmseg_balance.models.head_losses.segmentation_loss import loss_modules
from mmseg_balance.models.uda.checks.segmentor import check_head
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserValueError


@HOOKS.register_module()
class GMMUpdateHook(Hook):
    """Calls ``update_statistics`` of losses after each iteration.

    Of those that name it in ``required_hooks``: every BLDALoss, for one.
    EM, the exchange between ranks, the momentum step and the offset tables
    happen here, once an iteration, whatever number of calls the losses had.

    Raises:
        TypeError: Before training, when a head with such a loss computes its
            losses in its own way.
        ValueError: Before training, when the model has no such loss.
    """

    priority = 'NORMAL'
    in_dry_run = True

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

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Update each of them."""
        for loss in self.losses:
            loss.update_statistics()
