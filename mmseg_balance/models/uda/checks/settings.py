"""Whether the settings of a UDA model go together, checked at build."""

from collections.abc import Sequence

from torch import nn

from ....errors import UserTypeError, UserValueError
from ....number_checks import is_number
from ..objectives import Objective
from .optimizers import check_optimizers

PARTS = ('student', 'teacher')


def check_objectives(
    objectives: Sequence[nn.Module],
    alpha: float | None,
    pseudo_balance: float | None,
) -> None:
    """Refuse objectives that cannot be told apart or lack a teacher.

    Args:
        objectives: The objectives, in their order.
        alpha: Momentum of the teacher; None: there is none.
        pseudo_balance: Scale by which pseudo-labels are balanced.

    Raises:
        TypeError: Not an objective; names it.
        ValueError: Names the setting.
    """
    if not objectives:
        raise UserValueError(
            'Expected `objectives` to be one or more, but got none: add '
            "dict(type='SourceObjective')"
        )
    for objective in objectives:
        if not isinstance(objective, Objective):
            raise UserTypeError(
                'Expected `objectives` to be subclasses of Objective '
                '(mmseg_balance.models.uda.objectives), but got '
                f'{type(objective).__name__}'
            )
        _check_prefix(objective)
    prefixes = [o.prefix for o in objectives]
    if len(set(prefixes)) < len(prefixes):
        kinds = ', '.join(type(o).__name__ for o in objectives)
        raise UserValueError(
            'Expected each of `objectives` to have a prefix of its own, '
            f'but got {prefixes} of {kinds}: leave one of them away, or set '
            'another prefix in its class'
        )
    check_optimizers(objectives)
    for objective in objectives:
        objective.check_beside(objectives)
    needs_labels = any(
        o.needs_target and o.needs_pseudo_labels for o in objectives
    )
    if needs_labels and alpha is None:
        raise UserValueError(
            'Expected `alpha` to be a number in [0, 1): an '
            'objective learns from a teacher, but got None'
        )
    if pseudo_balance is not None and not needs_labels:
        raise UserValueError(
            f'pseudo_balance is {pseudo_balance}, but no objective '
            'learns from pseudo-labels: leave it away'
        )


def _check_prefix(objective: Objective) -> None:
    prefix = getattr(objective, 'prefix', None)
    if not isinstance(prefix, str) or not prefix:
        raise UserTypeError(
            f'{type(objective).__name__}.prefix is {prefix!r}, expected a '
            'text: set it in the class, as the beginning of the names of its '
            'losses in the log'
        )


def check_no_init_cfg(kind: str, init_cfg: object) -> None:
    """Refuse initial weights that are none of the model's own.

    Args:
        kind: The model's class.
        init_cfg: Its argument.

    Raises:
        ValueError: There is one; says where it belongs.
    """
    if init_cfg is not None:
        raise UserValueError(
            f'init_cfg of {kind} is {init_cfg}, but '
            'weights are loaded by its segmentor: move it to '
            'model.segmentor.init_cfg, or to that of its backbone'
        )


def check_predictor(predict_with: str, alpha: float | None) -> None:
    """Refuse a momentum out of range, or to predict with what is not there.

    Args:
        predict_with: 'student' or 'teacher'.
        alpha: Momentum of the teacher; None: there is none.

    Raises:
        ValueError: Names the setting.
    """
    if alpha is not None and not (is_number(alpha) and 0 <= alpha < 1):
        raise UserValueError(
            f'Expected `alpha` to be in [0, 1), but got {alpha!r}'
        )
    if predict_with not in PARTS[: 1 if alpha is None else 2]:
        raise UserValueError(
            f'Expected `predict_with` to be one of {PARTS} (the latter '
            f'with a teacher alone), but got {predict_with!r}'
        )
