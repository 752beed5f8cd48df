"""Other views of the images of a pass: mirrored, or by the other part."""

from collections.abc import Sequence
from typing import Any

from mmseg.structures import SegDataSample
from torch import nn

from ...checkpoints.checkpoint import Checkpoint
from ...checkpoints.weights import check_fits
from ...errors import UserValueError
from ...models.declarations import takes_frames

PARTS = ('student', 'teacher')


class Flipped:
    """A model that is given images from right to left.

    Args:
        model: The model. Its logits are turned back.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def test_step(self, data: dict) -> list[SegDataSample]:
        """Predict the images of a batch, whose samples are changed."""
        inputs = [image.flip(-1) for image in data['inputs']]
        samples = self.model.test_step(data | dict(inputs=inputs))
        for sample in samples:
            sample.seg_logits.data = sample.seg_logits.data.flip(-1)
        return samples


class OtherPart:
    """The teacher of a model that predicts with its student, or vice versa.

    Args:
        model: With ``predict_with``, and with both.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        (self.part,) = set(PARTS) - {model.predict_with}

    def test_step(self, data: dict) -> list[SegDataSample]:
        """Predict the images of a batch."""
        own, self.model.predict_with = self.model.predict_with, self.part
        try:
            return self.model.test_step(data)
        finally:
            self.model.predict_with = own


VIEWS: dict[str, type] = dict(flip=Flipped, part=OtherPart)


def why_no_view(name: str, model: Any, checkpoint: str) -> str | None:
    """Why a model has no such view.

    Args:
        name: One of ``VIEWS``.
        model: Of ``build_predictor``.
        checkpoint: File of its weights.

    Returns:
        The reason; None where it has one.
    """
    if name == 'flip':
        frames = any(takes_frames(module) for module in model.modules())
        reason = 'the model predicts from pairs of frames, whose optical flow'
        return f'{reason} has no mirror image here' if frames else None
    own = getattr(model, 'predict_with', None)
    if own not in PARTS or getattr(model, 'teacher', None) is None:
        return 'the model has no student and teacher'
    other = OtherPart(model)
    model.predict_with = other.part
    try:
        check_fits(model, Checkpoint.read(checkpoint).weights, checkpoint)
    except UserValueError:
        return f'{checkpoint} has no {other.part} that fits the config'
    finally:
        model.predict_with = own
    return None


def views_of(model: nn.Module, names: Sequence[str]) -> list[Any]:
    """What predicts the views of a model, to be given to ``predict_views``.

    Args:
        model: Of ``build_predictor``.
        names: Of ``VIEWS``.
    """
    return [VIEWS[name](model) for name in names]
