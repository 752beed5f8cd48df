"""Several backward passes, one gradient exchange, one optimizer step."""

import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.optim import Optimizer

from ....errors import UserTypeError

STUDENT, DISCRIMINATOR = 'student', 'discriminator'


def named_optimizers(
    optim_wrapper: OptimWrapper, names: Collection[str]
) -> dict[str, OptimWrapper]:
    """Optimizers of a model by name.

    Args:
        optim_wrapper: mmengine's, with one optimizer, for a model that has
            the student's alone; else an ``OptimWrapperDict``.
        names: Those that the model has: 'student', and what its objectives
            have as ``optimizer_name``.

    Raises:
        TypeError: One is missing, or one too many; says what to set.
    """
    found, given = {STUDENT: optim_wrapper}, 'one optimizer'
    if isinstance(optim_wrapper, OptimWrapperDict):
        found = dict(optim_wrapper.items())
        given = f'optimizers {sorted(found)}'
        if len(names) == 1:
            raise UserTypeError(
                'Expected optim_wrapper.type to be OptimWrapper or '
                f'AmpOptimWrapper, with one optimizer, but it has {given}, '
                'and the model has no objectives with optimizers of their '
                'own: move what is in optim_wrapper.student to optim_wrapper '
                f'and leave out {sorted(found.keys() - {STUDENT})}, or set '
                'model.type to a method that has such objectives'
            )
    if found.keys() != set(names):
        parts = ', '.join(f'{name}=dict(...)' for name in names)
        kind, example = (
            ('Adversarial', 'sgd_40k_adversarial')
            if STUDENT in names
            else ('Named', 'adam_200k_cyclegan')
        )
        raise UserTypeError(
            f'The model has optimizers {sorted(names)}, but optim_wrapper '
            f"has {given}: set it to dict(constructor='"
            f"{kind}OptimWrapperConstructor', {parts}), as in "
            f'configs/_base_/schedules/{example}.py'
        )
    return {name: found[name] for name in names}


def split_optimizers(
    optim_wrapper: OptimWrapper, is_adversarial: bool
) -> tuple[OptimWrapper, OptimWrapper | None]:
    """What there was in 0.1.0; see :func:`named_optimizers`."""
    warnings.warn(
        'split_optimizers is called named_optimizers now',
        DeprecationWarning,
        stacklevel=2,
    )
    names = (STUDENT, DISCRIMINATOR)[: 1 + is_adversarial]
    found = named_optimizers(optim_wrapper, names)
    return found[STUDENT], found.get(DISCRIMINATOR)


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

    @property
    def passes(self) -> int:
        """How many gradients the optimizer needs, see ``SeveralPasses``."""
        return getattr(self.optim_wrapper, 'passes', 1)

    @contextmanager
    def in_pass(
        self, number: int, parameters: Iterable[nn.Parameter]
    ) -> Iterator[None]:
        """Around the losses of a pass.

        Args:
            number: From 1.
            parameters: Those whose gradients of the pass before are averaged
                over ranks, so that all of them go on from the same weights.
        """
        if number > 1:
            average_gradients(parameters)
        with self.optim_wrapper.pass_context(number):
            yield

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss."""
        wrapper = self.optim_wrapper
        with added_at_once(parameters_of(wrapper.optimizer)):
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
            # a loss scaler refuses to step where nothing went backward
            if has_gradients(wrapper.optimizer):
                wrapper.step()
                wrapper.zero_grad()


def has_gradients(optimizer: Optimizer) -> bool:
    """Whether an optimizer has something to move."""
    return any(p.grad is not None for p in parameters_of(optimizer))


def parameters_of(optimizer: Optimizer) -> list[nn.Parameter]:
    """What an optimizer moves, in its order."""
    return [p for group in optimizer.param_groups for p in group['params']]


@contextmanager
def added_at_once(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Around a backward pass: add its gradients to those there together.

    Autograd adds them one by one, a kernel for each parameter. Here it finds
    none and leaves its own, and a few kernels add all of them, to the same
    sums. Until then both are kept; by then the graph is gone. On a CPU,
    where nothing would be gained, they are added as ever; and so are those
    whose sum a hook of the user waits for.

    Args:
        parameters: Those that may have gradients.
    """
    held = {
        p: p.grad
        for p in parameters
        if p.grad is not None
        and p.device.type != 'cpu'
        and not p._post_accumulate_grad_hooks
    }
    for parameter in held:
        parameter.grad = None
    try:
        yield
    finally:
        _add_gradients(held)


@torch.no_grad()
def _add_gradients(held: dict[nn.Parameter, Tensor]) -> None:
    """Put gradients back, with what parameters have got meanwhile."""
    both = [p for p in held if p.grad is not None]
    if both:
        torch._foreach_add_([held[p] for p in both], [p.grad for p in both])
    for parameter, gradient in held.items():
        parameter.grad = gradient


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Average gradients over ranks, in one message.

    A gradient that a rank does not have counts as zeros: its batch had no
    use for the parameter. One that no rank has stays away, so that the
    optimizer passes over the parameter, as on one rank.
    """
    if get_world_size() == 1:
        return
    parameters = [p for p in parameters if p.requires_grad]
    if not parameters:
        return
    lacking = [p for p in parameters if p.grad is None]
    used = torch.tensor(
        [float(p.grad is not None) for p in parameters],
        device=parameters[0].device,
    )
    for parameter in lacking:
        parameter.grad = torch.zeros_like(parameter)
    all_reduce_params([*(p.grad for p in parameters), used], op='mean')
    if lacking:
        for parameter, share in zip(parameters, used.tolist(), strict=True):
            if share == 0:
                parameter.grad = None


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
