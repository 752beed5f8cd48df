"""SYNTHIA-RAND-CITYSCAPES (Ros et al., CVPR 2016)."""

from collections.abc import Sequence

from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from ..files.image_suffixes import ImageSuffixes


@DATASETS.register_module()
class SYNTHIADataset(ImageSuffixes, CityscapesDataset):
    """Rendered street scenes with Cityscapes' 19 classes.

    Three of them have no pixels: terrain, truck and train. The usual means
    over 16 and 13 classes are taken at evaluation. Images lie in
    ``RGB/*.png``; labels in ``GT/LABELS/*_labelTrainIds.png`` are written by
    ``mmseg-balance data synthia``.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Example:
        >>> dict(type='SYNTHIADataset', data_root='data/synthia',
        ...      data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'))
    """

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '.png',
        seg_map_suffix: str = '_labelTrainIds.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )
