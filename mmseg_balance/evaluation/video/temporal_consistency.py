"""How alike predictions of two frames are, once one is moved to the other."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ...optical_flow.geometry import WHOLE, resize_flow
from ...optical_flow.warping import warp_labels
from ..confusion import confusion_matrix

NOWHERE = -1


@dataclass(frozen=True, eq=False)
class PairCounts:
    """What a pair of frames adds to the score.

    Attributes:
        position: Places in the flat confusion matrix that are not zero,
            int64 (P,): rows are the moved earlier prediction, columns that
            of the image.
        counts: What is there, int64 (P,).
        num_pixels: Number of the pixels of the image; 0 of one that has no
            frame before it.
    """

    position: Tensor
    counts: Tensor
    num_pixels: int

    @classmethod
    def none(cls) -> 'PairCounts':
        """Of an image that has no frame before it."""
        nothing = torch.zeros(0, dtype=torch.int64)
        return cls(nothing, nothing, 0)


def move_prediction(earlier: Tensor, flow: Tensor, valid: Tensor) -> Tensor:
    """Move the prediction of the earlier frame to the later one.

    Each pixel takes that of the nearest pixel of where it was.

    Args:
        earlier: Classes (H, W).
        flow: (u, v) in its own pixels, (2, h, w), from the later frame to
            the earlier one; brought to H x W where it has another size.
        valid: Where it counts, bool (h, w).

    Returns:
        int64 (H, W); ``NOWHERE`` where the flow does not count or leads out
        of the frame.
    """
    flow, valid = flow[None].float(), valid[None]
    height, width = earlier.shape
    size = (height, width)
    if tuple(flow.shape[-2:]) != size:
        flow = resize_flow(flow, size)
        share = F.interpolate(
            valid[None].float(), size, mode='bilinear', align_corners=False
        )
        # no pixel that does not count has a share in it
        valid = share[0] > WHOLE
    return warp_labels(earlier[None].long(), flow, valid, NOWHERE)[0]


def turn_back(
    flow: Tensor, valid: Tensor, direction: str
) -> tuple[Tensor, Tensor]:
    """Flow of the frames as they were, of frames that were mirrored.

    Args:
        flow: (u, v) between the mirrored frames, (2, H, W).
        valid: Where it counts, (1, H, W).
        direction: 'horizontal' or 'vertical'.

    Returns:
        Both turned back; the component across the mirror is negated.
    """
    across, axis = (0, -1) if direction == 'horizontal' else (1, -2)
    flow = flow.flip(axis)
    flow[across].neg_()
    return flow, valid.flip(axis)


def count_pair(
    prediction: Tensor,
    earlier: Tensor,
    flow: Tensor,
    valid: Tensor,
    num_classes: int,
) -> PairCounts:
    """Count pixels by both predictions.

    Args:
        prediction: Classes of the later frame (H, W).
        earlier: Of the earlier one (H, W).
        flow, valid: See :func:`move_prediction`.
        num_classes: Number of classes C.

    Raises:
        ValueError: A prediction is no class, or the sizes differ.
    """
    moved = move_prediction(earlier, flow, valid)
    counts = confusion_matrix(
        prediction, moved, num_classes, ignore_index=NOWHERE
    ).flatten()
    position = counts.nonzero().squeeze(1)
    return PairCounts(
        position.cpu(), counts[position].cpu(), prediction.numel()
    )
