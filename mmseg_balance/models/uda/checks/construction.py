"""What is checked when a UDA model is built, in which order."""

from collections.abc import Sequence

from torch import nn

from ..objectives import Objective
from ..teacher.pseudo_labels import PseudoLabeler
from ..teacher.refinement import PseudoRefinement
from .classifier import check_classifier
from .instances import check_instances_learnt
from .losses import (
    check_learns_from_target,
    check_loss_names,
    check_pixel_weights,
    warn_of_ignored_pixels,
)
from .refinement import check_refinement
from .sampled_labels import check_sampled_labels
from .settings import check_objectives


def check_parts(
    owner: str,
    student: nn.Module,
    objectives: Sequence[Objective],
    labeler: PseudoLabeler,
    refinement: PseudoRefinement | None,
    alpha: float | None,
    pseudo_balance: float | None,
) -> None:
    """Refuse parts that do not go together, before they are attached.

    Args:
        owner: Name of the method.
        student: The segmentor that is trained.
        objectives: All of the model, in their order.
        labeler: Of its pseudo-labels.
        refinement: Of its pseudo-labels; None: there is none.
        alpha: Momentum of the teacher; None: there is none.
        pseudo_balance: Scale by which pseudo-labels are balanced.

    Raises:
        TypeError, ValueError: See the functions that are called.
    """
    check_objectives(objectives, alpha, pseudo_balance)
    check_instances_learnt(student, objectives)
    check_classifier(owner, student, objectives, labeler)
    check_refinement(student, objectives, refinement)


def check_losses(
    student: nn.Module,
    has_pseudo_labels: bool,
    has_target_labels: bool,
) -> None:
    """Refuse losses that cannot do what objectives ask of them.

    Args:
        student: The segmentor that is trained.
        has_pseudo_labels: Whether it learns from a teacher's labels.
        has_target_labels: Whether it learns from labels that target images
            come with.

    Raises:
        TypeError, ValueError: See the functions that are called.
    """
    check_loss_names(student)
    if has_pseudo_labels:
        check_pixel_weights(student)
    elif has_target_labels:
        check_learns_from_target(student)
    check_sampled_labels(student.modules(), has_pseudo_labels)
    warn_of_ignored_pixels(student)
