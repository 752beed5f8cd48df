"""Which optimizer moves what of a UDA model, checked at build."""

import logging
from collections.abc import Sequence

from mmengine.logging import print_log
from torch import nn

from ....errors import UserTypeError, UserValueError
from ...backward_pass import check_passes
from ..objectives import Objective
from ..optimization.sequential_backward import STUDENT


def check_optimizers(objectives: Sequence[Objective]) -> None:
    """Refuse optimizers that would have nothing to learn, or two owners.

    Args:
        objectives: The objectives of a model.

    Raises:
        ValueError: Names the class and what to set.
    """
    own = [o for o in objectives if o.optimizer_name not in (None, STUDENT)]
    names = [o.optimizer_name for o in own]
    if len(set(names)) < len(names):
        raise UserValueError(
            'Expected each of `objectives` to have an optimizer_name of its '
            f'own, but got {names}'
        )
    for objective in objectives:
        kind = type(objective)
        check_passes(kind.__name__, objective.sam_passes)
        learns = objective.has_own_losses
        if objective in own and not learns:
            raise UserValueError(
                f'{kind.__name__}.optimizer_name is '
                f'{objective.optimizer_name!r}, but it has no own_losses that '
                'this optimizer could learn from: define them, or set '
                f"optimizer_name = '{STUDENT}', whose optimizer moves its "
                'modules by the losses of forward'
            )
        if objective in own and kind.around is Objective.around:
            raise UserValueError(
                f'{kind.__name__} has own_losses, but no around that yields '
                'a record for them, so that its optimizer would never learn: '
                'define around, a context manager'
            )
        if learns and objective.optimizer_name is None:
            raise UserValueError(
                f'{kind.__name__} has own_losses, but no optimizer that '
                'learns from them: set its optimizer_name, the key of one '
                'in optim_wrapper'
            )


def check_shared(objective: Objective, *shared: nn.Module | None) -> None:
    """Refuse an objective that makes the model's modules its own.

    They would be saved twice, and moved by what moves the objective.

    Args:
        objective: The objective.
        shared: What it was given, see ``Objective.share``.

    Raises:
        TypeError: Names the module.
    """
    for name, module in objective.named_modules():
        if any(module is part for part in shared):
            raise UserTypeError(
                f'{type(objective).__name__}.{name} is a module of the '
                'model: keep it in a tuple, as self._shared = (teacher,)'
            )


def check_moved_once(
    student: nn.Module, objectives: Sequence[Objective]
) -> None:
    """Refuse parameters that two optimizers would move, or one twice.

    And say which need gradients and are moved by none.

    Args:
        student: The segmentor that is trained.
        objectives: All objectives, with what they share.

    Raises:
        TypeError: Names the objective and the parameter.
    """
    moved = {id(p): 'the student' for p in student.parameters()}
    for objective in objectives:
        if objective.optimizer_name is None:
            continue
        kind = type(objective).__name__
        own = dict(objective.own_modules().named_parameters())
        for name, parameter in own.items():
            if id(parameter) in moved:
                raise UserTypeError(
                    f'{kind}.own_modules() has {name}, which is a parameter '
                    f'of {moved[id(parameter)]} and would be moved twice: '
                    'keep modules of others in a tuple, or leave them out of '
                    'own_modules'
                )
        moved |= {id(p): kind for p in own.values()}
    for objective in objectives:
        left = [
            name
            for name, parameter in objective.named_parameters()
            if parameter.requires_grad and id(parameter) not in moved
        ]
        if left and objective.optimizer_name is None:
            print_log(
                f'{type(objective).__name__} has parameters that need '
                f'gradients ({", ".join(left[:3])}), but optimizer_name None: '
                'StudentOptimWrapperConstructor leaves them as they are. '
                f"Set optimizer_name = '{STUDENT}' for the student's "
                'optimizer to move them, or requires_grad_(False)',
                'current',
                logging.WARNING,
            )
