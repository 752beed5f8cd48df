"""Every objective goes forward and backward, once a pass."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ..backward_pass import BackwardPass, counted
from ..recording import noted_in
from .objectives.objective import row_of
from .objectives.step import UDAStep, lacking
from .optimization.contexts import told
from .optimization.log import joined
from .optimization.outcome import check_log, check_total
from .optimization.own_losses import forward_pass, learn_own_losses
from .optimization.passes import Draws
from .optimization.sequential_backward import STUDENT, SequentialBackward

if TYPE_CHECKING:
    from .segmentor import UDASegmentor

FIRST_PASS = 'pass1.loss'


def learn(
    model: 'UDASegmentor',
    step: UDAStep,
    optimizations: Mapping[str, SequentialBackward],
    moved: nn.Module,
) -> dict[str, Tensor]:
    """All objectives, in each pass that the student's optimizer makes.

    Who watches an objective, and what is noted of it, is so in the first of
    its passes alone.

    Args:
        model: Its objectives learn.
        step: Data of the iteration.
        optimizations: By the names of the optimizers.
        moved: What the student's optimizer moves.

    Returns:
        Losses and diagnostics by name, those of the last pass that has
        them; and, of several, the total loss of the first as ``FIRST_PASS``,
        if an objective takes part in it.
    """
    student = optimizations[STUDENT]
    if student.passes < model.named_for_passes:
        warnings.warn(
            f'model.type is {type(model).__name__}, a method with SAM, but '
            f'optim_wrapper.type is {type(student.optim_wrapper).__name__}: '
            "set it to 'SAMOptimWrapper', or model.type to "
            "'JointAdaptation', whose name promises no SAM",
            stacklevel=3,
        )
    if student.passes == 1:
        return _learn_once(model, step, optimizations)
    logs: dict[str, Tensor] = {}
    draws = Draws()
    for number in range(1, student.passes + 1):
        current = BackwardPass(number, student.passes)
        with student.in_pass(number, moved.parameters()):
            found = _learn_once(
                model,
                replace(step, backward_pass=current),
                optimizations,
                draws,
            )
        totals = [v for k, v in found.items() if k in _totals(model)]
        if number == 1 and totals:
            logs[FIRST_PASS] = sum(totals)
        logs |= found
    return logs


def _learn_once(
    model: 'UDASegmentor',
    step: UDAStep,
    optimizations: Mapping[str, SequentialBackward],
    draws: Draws | None = None,
) -> dict[str, Tensor]:
    """The objectives of a pass, one after the other."""
    logs: dict[str, Tensor] = {}
    for objective in model.objectives:
        if not step.backward_pass.includes(objective):
            continue
        if draws is not None:
            draws.repeat(objective)
        logs = joined(logs, _learn(model, objective, step, optimizations))
    return logs


def _totals(model: 'UDASegmentor') -> set[str]:
    """Names of the objectives' total losses in the log."""
    return {f'{o.prefix}.loss' for o in model.objectives}


def _learn(
    model: 'UDASegmentor',
    objective: nn.Module,
    step: UDAStep,
    optimizations: Mapping[str, SequentialBackward],
) -> dict[str, Tensor]:
    """Forward and backward: the student, then those who watched it."""
    student = optimizations[STUDENT]
    owner = type(objective).__name__
    is_first = step.backward_pass.is_first_of(objective)
    observers = model.objectives if is_first else ()
    with (
        student.optim_wrapper.optim_context(model),
        forward_pass(observers, objective, model.student) as records,
        noted_in(row_of(objective) if is_first else None),
        counted(is_first),
        told(f'{owner}.forward{lacking(step)}'),
    ):
        losses = objective(model.student, step)
    check_log(f'{owner}.forward', losses)
    loss, log = model.parse_losses(losses)
    check_total(objective, losses, loss)
    student.backward(loss)
    logs = {f'{objective.prefix}.{k}': v.detach() for k, v in log.items()}
    return joined(logs, learn_own_losses(records, optimizations))
