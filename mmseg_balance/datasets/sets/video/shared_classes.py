"""The 15 classes that VIPER and Cityscapes share."""

from collections.abc import Sequence
from typing import Any

from mmseg.datasets import CityscapesDataset

from ....errors import UserValueError
from ...files.image_suffixes import ImageSuffixes

# the order of DA-VSN's outputs and of BLDA's Tables 11 and 12
SHARED_CLASSES = (
    'road', 'sidewalk', 'building', 'fence', 'traffic light', 'traffic sign',
    'vegetation', 'terrain', 'sky', 'person', 'car', 'truck', 'bus',
    'motorcycle', 'bicycle',
)  # fmt: skip
RIDERS = ('ignore', 'person')


class SharedClasses(ImageSuffixes, CityscapesDataset):
    """Labels with Cityscapes' train ids, trained and scored in 15 classes.

    Wall, pole and train of the 19 classes are ignored: VIPER has no pixel of
    the first two, and the papers leave trains out. Riders, whom VIPER does
    not label either, are what two families of papers differ in: UVDA ignores
    them, DA-VSN, TPS and CMOM count them as persons. Scores of the two are
    not on one scale.

    Args:
        riders: What labels of riders become, 'ignore' or 'person'. Metainfo
            ``riders`` says it to the metric.
        metainfo: ``classes`` other than these 15, all 19 for one, in which
            riders stay what they are.
        lazy_init: See ``mmengine.dataset.BaseDataset``.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Raises:
        ValueError: ``riders`` is something else, or is 'person' where riders
            are a class of their own.
    """

    def __init__(
        self,
        riders: str = 'ignore',
        metainfo: dict[str, Any] | None = None,
        lazy_init: bool = False,
        **kwargs,
    ) -> None:
        metainfo = dict(classes=SHARED_CLASSES) | (metainfo or {})
        _check_riders(riders, metainfo['classes'], type(self).__name__)
        self.riders = riders
        super().__init__(metainfo=metainfo, lazy_init=True, **kwargs)
        if riders == 'person':
            self.label_map = riders_as_persons(self.label_map)
            self._metainfo['label_map'] = self.label_map
        self._metainfo['riders'] = riders
        if not lazy_init:
            self.full_init()

    @classmethod
    def get_label_map(
        cls, new_classes: Sequence[str] | None = None
    ) -> dict[int, int] | None:
        """Class of each train id, 255 where there is none.

        Args:
            new_classes: Classes to train; by default the 15.
        """
        return super().get_label_map(new_classes or SHARED_CLASSES)


def riders_as_persons(label_map: dict[int, int]) -> dict[int, int]:
    """The same classes, but that riders are persons.

    Args:
        label_map: Class of each of Cityscapes' train ids.

    Returns:
        A map in which persons come last, so that one who looks for the id of
        the class finds theirs.
    """
    names = CityscapesDataset.METAINFO['classes']
    person, rider = names.index('person'), names.index('rider')
    others = {k: v for k, v in label_map.items() if k not in (person, rider)}
    return others | {rider: label_map[person], person: label_map[person]}


def _check_riders(riders: str, classes: Sequence[str], kind: str) -> None:
    if riders not in RIDERS:
        raise UserValueError(
            f'{kind}: riders is {riders!r}, expected one of {RIDERS}'
        )
    if riders == 'person' and ('rider' in classes or 'person' not in classes):
        raise UserValueError(
            f"{kind}: riders='person' needs metainfo.classes with 'person' "
            f"and without 'rider', found {list(classes)}"
        )
