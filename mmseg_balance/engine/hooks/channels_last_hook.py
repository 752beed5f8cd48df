"""Convolutions that keep the channels of a pixel side by side."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmseg.registry import HOOKS
from torch import nn
from torch.optim import Optimizer

from ...models.wrapped_segmentor import unwrapped
from ..optim.fused_optimizers import match_formats


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Puts convolutions into the channels-last memory format.

    Their weights are enough: a convolution answers in the format of its
    weights, whatever comes in, and the layers after it keep that. The values
    are the same, and so are keys and shapes in checkpoints.
    """

    priority = 'NORMAL'
    without_effect = True

    def before_train(self, runner) -> None:
        """Change the weights, those of the teacher too."""
        use_channels_last(unwrapped(runner.model))
        # of a run that goes on, which may have been without this hook
        wrapper = getattr(runner, 'optim_wrapper', None)
        for optimizer in _optimizers(wrapper):
            match_formats(optimizer)


def _optimizers(wrapper: Any) -> list[Optimizer]:
    """Those of an optimizer wrapper, which may hold several."""
    if isinstance(wrapper, OptimWrapperDict):
        return [each.optimizer for each in wrapper.values()]
    return [] if wrapper is None else [wrapper.optimizer]


def use_channels_last(model: nn.Module) -> None:
    """Change the weights of all 2-D convolutions in place.

    Args:
        model: Any model. Other tensors, the statistics of losses for one,
            keep their format.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            module.to(memory_format=torch.channels_last)
