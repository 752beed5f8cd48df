"""Whether a student and its objectives agree about instances."""

from collections.abc import Sequence

from torch import nn

from ....errors import UserTypeError
from ...head_losses.instances import finds_instances


def check_instances_learnt(
    student: nn.Module, objectives: Sequence[nn.Module]
) -> None:
    """Refuse an instance branch that nothing would train.

    Args:
        student: The segmentor that is trained.
        objectives: All of the model.

    Raises:
        TypeError: Names the objectives, and the one that trains it.
    """
    if not finds_instances(student):
        return
    # an objective of before there were instance branches lacks the attribute
    if any(getattr(o, 'learns_instances', False) for o in objectives):
        return
    kinds = ', '.join(type(o).__name__ for o in objectives)
    raise UserTypeError(
        f'model.segmentor.instance_head is '
        f'{type(student.instance_head).__name__}, but none of the '
        f'objectives ({kinds}) trains it: choose a method with a '
        'SourceObjective, EDAPS or DAFormer for example, or leave '
        'instance_head out'
    )


def check_finds_instances(method: str, student: nn.Module) -> None:
    """Refuse a student without instance branch in a panoptic method.

    Args:
        method: Name of the method.
        student: The segmentor that is trained.

    Raises:
        TypeError: Names the segmentor, and what it lacks.
    """
    if not finds_instances(student):
        raise UserTypeError(
            f"{method} needs model.segmentor.type='PanopticEncoderDecoder' "
            f'with an instance_head, but got {type(student).__name__} '
            'without: set both, as in configs/_base_/models/edaps_mit-b5.py, '
            "or model.type='DAFormer' to adapt the classes alone"
        )
