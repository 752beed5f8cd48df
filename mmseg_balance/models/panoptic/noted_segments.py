"""Labelled segments, offered to those who record an iteration."""

import torch
from mmseg.utils import SampleList
from torch import Tensor

from ...panoptic.numbers import numbered_segments
from ..recording import PANOPTIC, note


def note_segments(samples: SampleList) -> None:
    """Offer the segments of labelled images, where they have such.

    Args:
        samples: Of N images, with ``gt_panoptic_seg`` and ``segments_info``.
    """
    if samples and all('gt_panoptic_seg' in sample for sample in samples):
        sizes = {sample.gt_panoptic_seg.shape for sample in samples}
        if len(sizes) == 1:
            note(PANOPTIC, lambda: _numbered(samples))


def _numbered(samples: SampleList) -> Tensor:
    """Ids of segments, class * 1000 + number, int32 (N, H, W)."""
    return torch.stack(
        [
            torch.from_numpy(
                numbered_segments(
                    sample.gt_panoptic_seg.data.squeeze(0).cpu().numpy(),
                    sample.segments_info,
                )
            )
            for sample in samples
        ]
    )
