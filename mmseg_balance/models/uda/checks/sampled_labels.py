"""Whether losses get the teacher's probabilities that they count by."""

from collections.abc import Iterable

from torch import nn

from ....errors import UserValueError


def losses_by_probabilities(modules: Iterable[nn.Module]) -> list[nn.Module]:
    """Losses that ask for ``SampledLabels`` of target pixels.

    Args:
        modules: Of a model.
    """
    return [m for m in modules if getattr(m, 'needs_sampled_labels', False)]


def check_sampled_labels(
    modules: Iterable[nn.Module], has_pseudo_labels: bool
) -> None:
    """Refuse losses that ask for a teacher's probabilities without one.

    Args:
        modules: Of the model that is trained, its losses among them.
        has_pseudo_labels: Whether a teacher labels target images.

    Raises:
        ValueError: Names the loss and its settings.
    """
    if has_pseudo_labels:
        return
    for loss in losses_by_probabilities(modules):
        raise UserValueError(
            f'{loss.assignment} of {type(loss).__name__} follow the '
            'probabilities of a teacher, but none labels target images in '
            'this training: leave both away, or choose a method with '
            'pseudo-labels (DACS, DAFormer, HRDA, MIC). A model of your own '
            'whose teacher does says so by needs_pseudo_labels = True'
        )
