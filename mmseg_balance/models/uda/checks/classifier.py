"""Whether the objectives of a classifier can train one, checked at build."""

from collections.abc import Sequence

from torch import nn

from ....errors import UserTypeError, UserValueError
from ...declarations import labels_images
from ..objectives import Objective
from ..teacher.pseudo_labels import PseudoLabeler


def check_classifier(
    owner: str,
    student: nn.Module,
    objectives: Sequence[Objective],
    labeler: PseudoLabeler,
) -> None:
    """Refuse to train a classifier by what needs a label for each pixel.

    Args:
        owner: Name of the method.
        student: What is trained; segmentors pass.
        objectives: All of the model.
        labeler: Of its pseudo-labels.

    Raises:
        TypeError: An objective for segmentors; names it and what serves.
        ValueError: Margins of an image without labels.
    """
    if not labels_images(student):
        return
    for objective in objectives:
        # one of before there were classifiers lacks the attribute
        if not getattr(objective, 'serves_classifiers', False):
            raise UserTypeError(
                f'{owner} trains by {type(objective).__name__}, which needs '
                'a label for each pixel, but model.segmentor is a classifier '
                f'of images ({type(student).__name__}): choose model.type '
                "'SourceOnly', 'MCCAdaptation', 'CDANAdaptation', 'SDAT' or "
                "'ClassificationMIC', see configs/classification, or "
                'objectives that serve, JointObjective and MaskedObjective '
                'for two. One of your own that takes labels (N, 1, 1) says '
                'so by serves_classifiers = True'
            )
    for key in ('ignore_top', 'ignore_bottom'):
        if getattr(labeler, key):
            raise UserValueError(
                f'{key} is {getattr(labeler, key)}, rows of an image without '
                'pseudo-labels, but a classifier gives all of an image one: '
                'leave it away'
            )
