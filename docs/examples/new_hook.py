"""A loss with a hook of its own: its label smoothing fades in training."""

from mmengine.hooks import Hook
from mmseg.registry import HOOKS, MODELS
from new_loss import SmoothedCrossEntropyLoss

from mmseg_balance.models.declarations import modules_with_hook
from mmseg_balance.models.wrapped_segmentor import unwrapped


@MODELS.register_module()
class FadingLoss(SmoothedCrossEntropyLoss):
    """Cross entropy whose smoothing fades linearly."""

    # the hook, and what of the model needs it: a config without is given it
    required_hooks = {'FadingHook': 'a {type}, whose smoothing would not fade'}

    def fade(self, progress: float) -> None:
        """Set the smoothing of an iteration; 1 is the end of the training."""
        self.smoothing = 0.2 * (1 - progress)


@HOOKS.register_module()
class FadingHook(Hook):
    """Lets every loss that names it fade."""

    in_dry_run = True  # it changes the model, and writes no file

    def before_train(self, runner) -> None:
        """Find the losses."""
        self.losses = modules_with_hook(unwrapped(runner.model), 'FadingHook')

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        """By the iteration alone, so that a resumed run goes on alike."""
        for loss in self.losses:
            loss.fade(runner.iter / runner.max_iters)
