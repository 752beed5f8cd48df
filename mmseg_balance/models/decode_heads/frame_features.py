"""What an AccelHead is given: features of two frames, and the flow."""

from typing import Any, NamedTuple

from torch import Tensor

from ..head_losses.predictions import context_features


class FrameFeatures(NamedTuple):
    """Features of images and of the frames before them.

    Attributes:
        current: Of the images, whatever the head within takes.
        earlier: Of the frames before them, without a graph. None: there are
            none, as if nothing had moved.
        flow: (u, v) in pixels of the images, (N, 2, H, W), from each pixel
            of an image to its place in the earlier frame.
        valid: Where that counts, bool (N, H, W).
    """

    current: Any
    earlier: Any = None
    flow: Tensor | None = None
    valid: Tensor | None = None

    @classmethod
    def of(cls, features: Any) -> 'FrameFeatures':
        """Features as they are, or of images without frames before them.

        Args:
            features: Of an ``AccelEncoderDecoder``, or of its backbone.
        """
        return features if isinstance(features, cls) else cls(features)

    @property
    def context(self) -> tuple[Tensor, ...]:
        """Features of the whole images, of one scale."""
        return context_features(self.current)
