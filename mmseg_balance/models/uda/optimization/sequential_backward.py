"""Several backward passes, one gradient exchange, one optimizer step."""

from collections.abc import Iterable

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ....errors import UserTypeError

STUDENT, DISCRIMINATOR = 'student', 'discriminator'


def split_optimizers(
    optim_wrapper: OptimWrapper, is_adversarial: bool
) -> tuple[OptimWrapper, OptimWrapper | None]:
    """Optimizer of the student, and that of the discriminators.

    Args:
        optim_wrapper: mmengine's, with one optimizer; for a model with
            discriminators an ``OptimWrapperDict`` with 'student' and
            'discriminator'.
        is_adversarial: Whether the model has discriminators.

    Raises:
        TypeError: One is missing, or one too many; says what to set.
    """
    names = None
    if isinstance(optim_wrapper, OptimWrapperDict):
        names = sorted(optim_wrapper.keys())
    if is_adversarial and names != sorted((STUDENT, DISCRIMINATOR)):
        found = 'one optimizer' if names is None else f'optimizers {names}'
        raise UserTypeError(
            f'The model has discriminators, but optim_wrapper has {found}: '
            "set it to dict(constructor='AdversarialOptimWrapperConstructor',"
            ' student=dict(...), discriminator=dict(...)), as in '
            'configs/_base_/schedules/sgd_40k_adversarial.py'
        )
    if is_adversarial:
        return optim_wrapper[STUDENT], optim_wrapper[DISCRIMINATOR]
    if names is not None:
        raise UserTypeError(
            'Expected optim_wrapper.type to be OptimWrapper or '
            'AmpOptimWrapper, with one optimizer, but it has optimizers '
            f'{names}, and the model has no discriminators: move what is in '
            'optim_wrapper.student to optim_wrapper and leave out '
            "'discriminator', or set model.type to 'AdaptSegNet' or 'AdvEnt'"
        )
    return optim_wrapper, None


class SequentialBackward:
    """One iteration of an optimizer wrapper, one objective after another.

    Each objective goes backward as soon as it is known, so one graph is
    alive at a time. Loss scaling, gradient accumulation and clipping stay
    those of mmengine: the wrapper counts each ``backward`` as an iteration
    of its own, which is put right here and nowhere else.

    Args:
        optim_wrapper: Any wrapper with one optimizer.
    """

    def __init__(self, optim_wrapper: OptimWrapper) -> None:
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
