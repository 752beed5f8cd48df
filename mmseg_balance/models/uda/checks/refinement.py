"""Whether pseudo-labels can be refined by the frames before, at build."""

from collections.abc import Sequence

from torch import nn

from ....errors import UserTypeError, UserValueError
from ...declarations import labels_images
from ...frames import FrameDataPreProcessor
from ..objectives import MaskedObjective, Objective
from ..teacher.refinement import PseudoRefinement


def check_refinement(
    student: nn.Module,
    objectives: Sequence[Objective],
    refinement: PseudoRefinement | None,
) -> None:
    """Refuse refined labels that there are not, or that nobody learns from.

    Args:
        student: The segmentor that is trained.
        objectives: All of the model.
        refinement: Of its pseudo-labels; None passes.

    Raises:
        TypeError: A classifier, or a preprocessor that loses the frames.
        ValueError: No objective learns from these labels.
    """
    if refinement is None:
        return
    if labels_images(student):
        raise UserTypeError(
            'pseudo_refinement moves labels of pixels along the flow, but '
            f'model.segmentor is a classifier ({type(student).__name__}), '
            'whose images have one label each: leave it away'
        )
    preprocessor = student.data_preprocessor
    if not isinstance(preprocessor, FrameDataPreProcessor):
        raise UserTypeError(
            'pseudo_refinement needs the frames before the target images, '
            'but data_preprocessor.type of the segmentor is '
            f'{type(preprocessor).__name__!r}: set it to '
            "'FrameDataPreProcessor' (docs/frame_pairs.md)"
        )
    readers = [
        o for o in objectives if o.needs_target and o.needs_pseudo_labels
    ]
    if not readers:
        raise UserValueError(
            f'pseudo_refinement has rule={refinement.rule!r}, but no '
            'objective learns from pseudo-labels: leave it away, or choose a '
            'method of self-training, DACS or MIC for two'
        )
    if refinement.masked:
        return
    if all(isinstance(o, MaskedObjective) for o in readers):
        raise UserValueError(
            'pseudo_refinement leaves masked images the labels of the image '
            'alone, as in the public code, and no other objective learns '
            'from pseudo-labels: set pseudo_refinement.masked=True'
        )
