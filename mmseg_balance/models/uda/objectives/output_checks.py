"""Whether objectives on the outputs can work, checked at build."""

from collections.abc import Sequence

from torch import nn

from ....errors import UserValueError
from ..teacher.image_logits import MAIN, output_heads
from .objective import Objective
from .source import SourceObjective


def check_outputs(owner: str, student: nn.Module, auxiliary: bool) -> None:
    """Refuse outputs without a choice between classes.

    Args:
        owner: Objective that asks.
        student: An ``EncoderDecoder``.
        auxiliary: Whether its auxiliary heads take part.

    Raises:
        ValueError: A head has one class, of which a softmax is always sure.
    """
    for name, head in output_heads(student).items():
        if name != MAIN and not auxiliary:
            continue
        if head.num_classes < 2:
            key = 'decode' if name == MAIN else 'auxiliary'
            raise UserValueError(
                f'{owner} needs two classes or more, since of one alone '
                'every prediction is sure, but '
                f'model.segmentor.{key}_head.num_classes is '
                f'{head.num_classes}: give the background a class of its own'
            )


def check_has_source(owner: str, objectives: Sequence[Objective]) -> None:
    """Refuse to compare the target with nothing.

    Args:
        owner: Objective that asks.
        objectives: All of a model.

    Raises:
        ValueError: None of them learns from the source.
    """
    if any(isinstance(o, SourceObjective) for o in objectives):
        return
    raise UserValueError(
        f'{owner} compares target predictions with those of a '
        'SourceObjective, but `objectives` are '
        f'{[type(o).__name__ for o in objectives]}: add '
        "dict(type='SourceObjective')"
    )
