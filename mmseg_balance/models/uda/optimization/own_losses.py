"""What objectives learn for themselves, beside the student."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from ..adversaries.discriminator import frozen
from .contexts import entered, told
from .outcome import check_context, check_log
from .sequential_backward import STUDENT, SequentialBackward


@contextmanager
def forward_pass(
    objectives: Sequence[nn.Module], objective: nn.Module, student: nn.Module
) -> Iterator[dict[nn.Module, Any]]:
    """Around the forward pass of an objective, whose losses the student has.

    The objective's own modules get no gradients of them, unless it is the
    student's optimizer that moves them.

    Args:
        objectives: All objectives, each of which may note something.
        objective: The one whose losses are computed in here.
        student: The segmentor that is trained.

    Yields:
        What objectives with an optimizer noted, see ``Objective.around``.
    """
    still = nn.ModuleList()
    if objective.optimizer_name not in (None, STUDENT):
        still = objective.own_modules()
    contexts = {o: o.around(student, objective) for o in objectives}
    for other, context in contexts.items():
        check_context(f'{type(other).__name__}.around', context)
    with frozen(still), entered(contexts) as records:
        yield {
            o: record
            for o, record in records.items()
            if o.optimizer_name is not None
        }


def learn_own_losses(
    records: dict[nn.Module, Any],
    optimizations: Mapping[str, SequentialBackward],
) -> dict[str, Tensor]:
    """Let objectives learn from what they noted: forward and backward.

    Each as soon as its record is complete, so that one graph is alive at a
    time, and no predictions are kept for later. All are from before the
    student's update.

    Args:
        records: Of ``forward_pass``; emptied.
        optimizations: By the names of the optimizers.

    Returns:
        Losses and diagnostics by name, which are no terms of the student's
        loss.
    """
    logs = {}
    while records:
        objective = next(iter(records))
        name = objective.optimizer_name
        optimization = optimizations[name]
        owner = f'{type(objective).__name__}.own_losses'
        with told(owner), optimization.optim_wrapper.optim_context(objective):
            found = objective.own_losses(records.pop(objective))
        check_log(owner, found)
        losses = [value for key, value in found.items() if 'loss' in key]
        if losses:
            with told(owner):
                optimization.backward(sum(losses))
        logs |= {f'{name}.{k}': v.detach() for k, v in found.items()}
    return logs
