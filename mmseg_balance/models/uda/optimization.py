"""Several backward passes, one gradient exchange, one optimizer step."""

from collections.abc import Iterable

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase


class SequentialBackward:
    """One iteration of an optimizer wrapper, one objective after another.

    Each objective goes backward as soon as it is known, so one graph is
    alive at a time. Loss scaling, gradient accumulation and clipping stay
    those of mmengine: the wrapper counts each ``backward`` as an iteration
    of its own, which is put right here and nowhere else.

    Args:
        optim_wrapper: Any wrapper with one optimizer.

    Raises:
        TypeError: ``OptimWrapperDict``.
    """

    def __init__(self, optim_wrapper: OptimWrapper) -> None:
        if not isinstance(optim_wrapper, OptimWrapper):
            raise TypeError(
                'Expected optim_wrapper.type to be OptimWrapper or '
                'AmpOptimWrapper, with one optimizer, but got '
                f'{type(optim_wrapper).__name__}'
            )
        self.optim_wrapper = optim_wrapper
        self._count = optim_wrapper._inner_count

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss."""
        wrapper = self.optim_wrapper
        wrapper.backward(wrapper.scale_loss(loss))
        wrapper._inner_count = self._count

    def step(self, parameters: Iterable[nn.Parameter]) -> None:
        """Count the iteration; when it is due, exchange gradients and step.

        Args:
            parameters: Those whose gradients are averaged over ranks.
        """
        wrapper = self.optim_wrapper
        wrapper._inner_count = self._count + 1
        if wrapper.should_update():
            average_gradients(parameters)
            wrapper.step()
            wrapper.zero_grad()


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Average gradients over ranks, in one message.

    A gradient that a rank does not have counts as zeros: its batch had no
    use for the parameter.
    """
    if get_world_size() == 1:
        return
    parameters = [p for p in parameters if p.requires_grad]
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    all_reduce_params([p.grad for p in parameters], op='mean')


@torch.no_grad()
def average_norm_statistics(module: nn.Module) -> None:
    """Average the running statistics of batch norms over ranks."""
    statistics = [
        buffer
        for norm in module.modules()
        if isinstance(norm, _NormBase)
        for buffer in (norm.running_mean, norm.running_var)
        if buffer is not None
    ]
    if statistics:
        all_reduce_params(statistics, op='mean')
