"""CamVid (Brostow et al., Pattern Recognition Letters 2009)."""

from collections.abc import Sequence

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ..files.image_suffixes import ImageSuffixes


@DATASETS.register_module()
class CamVidDataset(ImageSuffixes, BaseSegDataset):
    """Street scenes of a driving camera in the usual 11 classes.

    Classes and their order are those of the version distributed with SegNet;
    255 is ignored. Recorded by day and at dusk, it makes two domains:
    ``{day,dusk}/images/{train,val}/*.jpg`` with labels in
    ``{day,dusk}/labels/{train,val}/*.png``. A domain without labels is
    listed with ``data_prefix=dict(img_path=...)`` alone.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Example:
        >>> dict(type='CamVidDataset', data_root='data/camvid',
        ...      data_prefix=dict(img_path='day/images/train',
        ...                       seg_map_path='day/labels/train'))
    """

    METAINFO = dict(
        classes=(
            'sky', 'building', 'pole', 'road', 'sidewalk', 'tree',
            'sign symbol', 'fence', 'car', 'pedestrian', 'bicyclist',
        ),
        palette=[
            [128, 128, 128], [128, 0, 0], [192, 192, 128], [128, 64, 128],
            [0, 0, 192], [128, 128, 0], [192, 128, 128], [64, 64, 128],
            [64, 0, 128], [64, 64, 0], [0, 128, 192],
        ],
    )  # fmt: skip

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '.jpg',
        seg_map_suffix: str = '.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )
