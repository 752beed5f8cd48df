"""GTA (Richter et al., Playing for Data, ECCV 2016)."""

from collections.abc import Sequence

from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from ..files.image_suffixes import ImageSuffixes


@DATASETS.register_module()
class GTADataset(ImageSuffixes, CityscapesDataset):
    """Street scenes of a computer game with Cityscapes' 19 classes.

    Images lie in ``images/*.png``; labels in ``labels/*_labelTrainIds.png``
    are written by ``mmseg-balance data gta``.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Example:
        >>> dict(type='GTADataset', data_root='data/gta',
        ...      data_prefix=dict(img_path='images', seg_map_path='labels'))
    """

    # whose labels have another size than their image as downloaded; looked at
    # before training, as they may have been converted by other tools
    ODD_FILES = frozenset(
        f'{i:05}' for i in (15188, 17705, *range(20801, 20861))
    )

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '.png',
        seg_map_suffix: str = '_labelTrainIds.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )
