"""The visualizer of panoptic models."""

from typing import Any

import numpy as np
from mmengine.structures import PixelData
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmseg_balance.panoptic.numbers import numbered_segments

from .names import write_names
from .segments import paint_segments


@VISUALIZERS.register_module()
class PanopticLocalVisualizer(SegLocalVisualizer):
    """``SegLocalVisualizer`` that tells things apart.

    Where a sample has segments, they are painted in place of its classes:
    things in shades of the colour of their class, outlined, with their name
    and number; black where a prediction is void. Samples without segments
    are painted as ever.

    Configs whose model has an ``instance_head`` have it in place of
    ``SegLocalVisualizer``, see ``draw_segments``.
    """

    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: SegDataSample | None = None,
        **settings: Any,
    ) -> None:
        """Draw a sample and give it to the backends.

        Args:
            name: Of the picture.
            image: RGB (H, W, 3) in uint8.
            data_sample: With ``gt_panoptic_seg`` and ``segments_info``, with
                ``pred_panoptic_seg``, or both.
            **settings: See ``SegLocalVisualizer.add_datasample``.
        """
        if data_sample is not None:
            data_sample = with_segments(data_sample)
        super().add_datasample(name, image, data_sample, **settings)

    def _draw_sem_seg(
        self,
        image: np.ndarray,
        sem_seg: PixelData,
        classes: list | None,
        palette: list | None,
        with_labels: bool | None = True,
    ) -> np.ndarray:
        """What ``SegLocalVisualizer`` calls for label and prediction."""
        ids = sem_seg.get('segments')
        if ids is None:
            return super()._draw_sem_seg(
                image, sem_seg, classes, palette, with_labels
            )
        ids = ids.squeeze(0).cpu().numpy()
        picture = paint_segments(image, ids, palette, self.alpha)
        if with_labels:
            picture = write_names(picture, ids, classes)
        self.set_image(picture)
        return picture


def with_segments(sample: SegDataSample) -> SegDataSample:
    """A sample whose semantic maps have the segments beside the classes.

    Args:
        sample: Of a data set or of a model; not changed.

    Returns:
        A copy that shares its data; ``gt_sem_seg.segments`` and
        ``pred_sem_seg.segments`` are ids, class * 1000 + number, (1, H, W).
    """
    found = {}
    if 'gt_panoptic_seg' in sample and 'segments_info' in sample:
        ids = sample.gt_panoptic_seg.data
        numbered = numbered_segments(ids.cpu().numpy(), sample.segments_info)
        found['gt_sem_seg'] = ids.new_tensor(numbered)
    if 'pred_panoptic_seg' in sample:
        found['pred_sem_seg'] = sample.pred_panoptic_seg.data
    if not found:
        return sample
    copy = sample.new()
    copy.set_data(
        {
            key: PixelData(data=sample.get(key).data, segments=ids)
            for key, ids in found.items()
            if key in sample
        }
    )
    return copy
