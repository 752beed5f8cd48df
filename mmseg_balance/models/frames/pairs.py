"""Images and the frames before them, stacked as channels of one tensor.

A crop, a flip of a test, a sliding window or a mix then hits all of it alike.
The channels, in this order: the image (3), the earlier frame (3), u and v of
the flow (2), and 1 where the flow counts (1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from mmseg.structures import SegDataSample
from torch import Tensor

from ...errors import UserValueError

IMAGE_CHANNELS = 3
STACKED_CHANNELS = 9
IGNORED = 255


@dataclass(frozen=True)
class FramePair:
    """The frame before each image of a batch, and the flow to it.

    Attributes:
        images: The earlier frames, normalised and padded, (N, 3, H, W).
        flow: (u, v) in pixels, float (N, 2, H, W): what is at pixel p of the
            image was at p + flow(p) in the earlier frame.
        valid: Where the flow counts, bool (N, H, W); False in padding, and
            where it leads beyond the frame that was loaded. What is cut out
            of that later, a sliding window for one, may lack the place even
            so, see ``mmseg_balance.optical_flow.inside``.
        labels: Of the earlier frames, 255 where ignored or padded,
            (N, H, W); None where they were not loaded.
    """

    images: Tensor
    flow: Tensor
    valid: Tensor
    labels: Tensor | None = None


def stack_frames(images: Tensor, pair: FramePair) -> Tensor:
    """Images with the frames before them as further channels.

    Args:
        images: Normalised and padded, (N, 3, H, W).
        pair: Of them; its labels are left out.

    Returns:
        (N, 9, H, W) in the dtype of the images.
    """
    parts = (images, pair.images, pair.flow, pair.valid[:, None])
    return torch.cat([part.to(images.dtype) for part in parts], dim=1)


def image_channels(images: Tensor) -> Tensor:
    """The images alone, (N, 3, H, W), of a batch with frames or without.

    Args:
        images: (N, 3, H, W), or of ``stack_frames``, (N, 9, H, W).
    """
    if images.shape[1] != STACKED_CHANNELS:
        return images
    return images[:, :IMAGE_CHANNELS]


def changed_frames(
    images: Tensor, change: Callable[[Tensor], Tensor]
) -> Tensor:
    """Images whose pixels are changed, and those of the frames before alike.

    Args:
        images: (N, channels, H, W), of ``stack_frames`` or without frames.
        change: Of images (N, 3, H, W), to such; called for the images, and
            again for the frames before them.

    Returns:
        The same with the flow as it was.
    """
    if images.shape[1] != STACKED_CHANNELS:
        return change(images)
    frames, others = images[:, : 2 * IMAGE_CHANNELS], images[:, 6:]
    changed = [change(frame) for frame in frames.chunk(2, dim=1)]
    return torch.cat([*changed, others], dim=1)


def frame_pair(
    images: Tensor, data_samples: Sequence[SegDataSample] = ()
) -> FramePair | None:
    """The frames before images of a batch.

    Args:
        images: As above.
        data_samples: Of the images, from which labels of the earlier frames
            are taken if all have them (``prev_gt_sem_seg``).

    Returns:
        Views of the channels, None of a batch without frames.
    """
    if images.shape[1] != STACKED_CHANNELS:
        return None
    return FramePair(
        images[:, 3:6], images[:, 6:8], images[:, 8] > 0.5,
        _earlier_labels(images, data_samples),
    )  # fmt: skip


def pad_field(field: Tensor, size: tuple[int, int], value: float) -> Tensor:
    """A map at the size of a padded batch, which adds below and on the right.

    Args:
        field: (..., h, w).
        size: Height and width of the batch, at least those of the map.
        value: Of what is added.

    Raises:
        ValueError: The map is larger.
    """
    height, width = field.shape[-2:]
    if height > size[0] or width > size[1]:
        raise UserValueError(
            f'A field of a frame pair has {width} x {height} pixels, its '
            f'batch {size[1]} x {size[0]} (width x height): the preprocessor '
            'moved the images and not what belongs to them'
        )
    padding = (0, size[1] - width, 0, size[0] - height)
    return F.pad(field, padding, value=value)


def _earlier_labels(
    images: Tensor, data_samples: Sequence[SegDataSample]
) -> Tensor | None:
    if not data_samples or not all(
        'prev_gt_sem_seg' in sample for sample in data_samples
    ):
        return None
    size = tuple(images.shape[-2:])
    return torch.stack(
        [
            pad_field(sample.prev_gt_sem_seg.data[0], size, IGNORED)
            for sample in data_samples
        ]
    )
