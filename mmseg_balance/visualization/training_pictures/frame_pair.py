"""A pair of frames, the flow between them, and what it moves."""

import numpy as np
import torch
from mmcv.visualization.optflow import flow2rgb
from mmengine.structures import BaseDataElement
from torch import Tensor

from ...optical_flow.warping import backward_warp, inside, warp_labels
from .panels import Panel, Row

EARLIER, MOVED, FLOW, VALID, LABELS = (
    'the frame before',
    'the same, moved by the flow',
    'flow',
    'where it counts (white)',
    'labels of the frame before, moved',
)
SHOWN_SIZE = 1e-3  # shorter flow has no colour


def frame_row(sample: BaseDataElement, title: str) -> Row | None:
    """What a sample of ``PackFrameInputs`` has beside image and labels.

    Args:
        sample: The data sample, before it is normalised.
        title: Of the row.

    Returns:
        The frame before, the same moved by the flow (black where that does
        not count or leads out of the crop), the flow in the colours of the
        Middlebury benchmark, and where it counts; labels of the frame before,
        moved, where there are such. None where the sample has no frame
        before.
    """
    if 'prev_img' not in sample:
        return None
    earlier = sample.prev_img.data
    panels = [Panel(EARLIER, _picture(earlier), 0)]
    if 'flow' in sample:
        panels += _moved(sample, earlier)
    return Row(title, panels)


def _moved(sample: BaseDataElement, earlier: Tensor) -> list[Panel]:
    flow, valid = sample.flow.data[None], sample.flow_valid.data
    moved = backward_warp(earlier[None].float(), flow)[0]
    moved = moved * (valid & inside(flow))
    length = float((flow[0] * valid).norm(dim=0).max())
    panels = [
        Panel(MOVED, _picture(moved), 1),
        Panel(f'{FLOW}: up to {length:.1f} pixels', _colours(flow, valid), 2),
        Panel(VALID, valid[0].numpy(), 3),
    ]
    if 'prev_gt_sem_seg' in sample:
        labels = warp_labels(sample.prev_gt_sem_seg.data, flow, valid)
        panels.append(Panel(LABELS, labels[0].numpy(), 4))
    return panels


def _colours(flow: Tensor, valid: Tensor) -> np.ndarray:
    """Direction as hue, length as saturation; black where not valid."""
    shown = torch.where(valid, flow[0], torch.nan)
    shown = shown.permute(1, 2, 0).numpy()
    if not (np.abs(np.nan_to_num(shown)) > SHOWN_SIZE).any():
        still = np.repeat(valid[0].numpy()[..., None], 3, -1)
        return np.uint8(255 * still)
    return np.uint8(255 * flow2rgb(shown).clip(0, 1))


def _picture(image: Tensor) -> np.ndarray:
    """RGB of an image as it was read, BGR."""
    image = image.flip(0) if len(image) == 3 else image[:1].expand(3, -1, -1)
    rounded = image.float().round().clamp(0, 255).byte()
    return rounded.permute(1, 2, 0).numpy()
