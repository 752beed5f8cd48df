"""The visualizer of classifiers."""

from typing import Any

import numpy as np
from mmengine.structures import PixelData
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from .names import write_class_name

NO_LABEL, GREY = 'no label', (128, 128, 128)


@VISUALIZERS.register_module()
class ClassLocalVisualizer(SegLocalVisualizer):
    """``SegLocalVisualizer`` for samples with one label an image.

    Above the image stands the name of its class in the colour of that; left
    that of the label, right that of the prediction with its probability.

    Configs whose model ``labels_images`` have it in place of
    ``SegLocalVisualizer``, see ``draw_classes``.
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
            data_sample: With ``gt_sem_seg``, ``pred_sem_seg`` or both, of
                one pixel each, and ``seg_logits``.
            **settings: See ``SegLocalVisualizer.add_datasample``.
        """
        if data_sample is not None:
            data_sample = _with_words(data_sample)
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
        label = int(sem_seg.data)
        names, colours = classes or (), palette or ()
        name = names[label] if label < len(names) else NO_LABEL
        colour = colours[label] if label < len(colours) else GREY
        words = (sem_seg.get('before', ''), name, sem_seg.get('behind', ''))
        text = ' '.join(word for word in words if word)
        picture = write_class_name(image, text, colour)
        self.set_image(picture)
        return picture


def _with_words(sample: SegDataSample) -> SegDataSample:
    """A sample whose labels know what is written beside their names."""
    copy = sample.new()
    words = dict(gt_sem_seg='label:', pred_sem_seg='prediction:')
    for key, before in words.items():
        if key not in sample:
            continue
        data, behind = sample.get(key).data, ''
        if key == 'pred_sem_seg' and 'seg_logits' in sample:
            scores = sample.seg_logits.data.float().flatten().softmax(0)
            behind = f'{float(scores[int(data)]):.2f}'
        words_of = dict(before=before, behind=behind)
        copy.set_data({key: PixelData(metainfo=words_of, data=data)})
    return copy
