"""Convolutions that keep the channels of a pixel side by side."""

import torch
from mmengine.hooks import Hook
from mmseg.registry import HOOKS
from torch import nn

from ...models.wrapped_segmentor import unwrapped


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
        model = unwrapped(runner.model)
        use_channels_last(model)


def use_channels_last(model: nn.Module) -> None:
    """Change the weights of all 2-D convolutions in place.

    Args:
        model: Any model. Other tensors, the statistics of losses for one,
            keep their format.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            module.to(memory_format=torch.channels_last)
