"""Street scenes with segments: SYNTHIA and Cityscapes, as EDAPS takes them."""

from collections.abc import Sequence

from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from .categories import THING_CLASSES
from .panoptic_dataset import PanopticDataset

STREETS = CityscapesDataset.METAINFO | {
    THING_CLASSES: (
        'person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle',
        'bicycle',
    )
}  # fmt: skip


@DATASETS.register_module()
class CityscapesPanopticDataset(PanopticDataset):
    """Cityscapes with its 19 classes, 8 of which are things.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What the names of the PNG files of segments end with.
        **kwargs: See :class:`PanopticDataset`.
    """

    METAINFO = STREETS

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '_leftImg8bit.png',
        seg_map_suffix: str = '_gtFine_panoptic.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )


@DATASETS.register_module()
class SYNTHIAPanopticDataset(PanopticDataset):
    """SYNTHIA-RAND-CITYSCAPES with Cityscapes' 19 classes, 8 of them things.

    Terrain, truck and train have no pixels.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What the names of the PNG files of segments end with.
        **kwargs: See :class:`PanopticDataset`.
    """

    METAINFO = STREETS

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '.png',
        seg_map_suffix: str = '_panoptic.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )
