"""Small panoptic data sets: images, PNG files of segments, a JSON file."""

import json
from pathlib import Path

import numpy as np

from mmseg_balance.datasets.files.label_images import write_png
from mmseg_balance.panoptic.ids import file_colours

CLASSES = ('road', 'sky', 'person', 'car')
THINGS = ('person', 'car')
CATEGORIES = [
    dict(id=7, name='road', isthing=0),
    dict(id=23, name='sky', isthing=0),
    dict(id=24, name='person', isthing=1),
    dict(id=26, name='car', isthing=1),
]
ROAD, SKY, PERSON, CAR = (entry['id'] for entry in CATEGORIES)


def street(height: int = 24, width: int = 32) -> tuple[np.ndarray, list[dict]]:
    """Ids of a street with two cars, a person and a crowd of persons.

    Returns:
        int (H, W), the three first columns of which are void, and
        ``segments_info``.
    """
    ids = np.full((height, width), SKY)
    ids[height // 2 :] = ROAD
    ids[height // 2 + 2 : height - 2, 5:12] = 26000
    ids[height // 2 + 1 : height - 4, 10:16] = 26001
    ids[height // 2 - 4 : height // 2 + 3, 18:21] = 24000
    ids[height // 2 - 2 : height // 2, 24:30] = PERSON
    ids[:, :3] = 0
    return ids, segments_info(ids, crowds=(PERSON,))


def segments_info(ids: np.ndarray, crowds: tuple[int, ...] = ()) -> list[dict]:
    """What a JSON file lists of a map of ids.

    Args:
        ids: Integers (H, W), 0 for void: a category, or 1000 times one and a
            number.
        crowds: Ids of crowds.
    """
    listed = []
    for number in np.unique(ids[ids > 0]).tolist():
        y, x = np.nonzero(ids == number)
        left, top = int(x.min()), int(y.min())
        listed.append(
            dict(
                id=number,
                category_id=number if number < 1000 else number // 1000,
                area=len(y),
                bbox=[left, top, int(np.ptp(x)) + 1, int(np.ptp(y)) + 1],
                iscrowd=int(number in crowds),
            )
        )
    return listed


def write_panoptic_set(
    root: Path,
    maps: dict[str, tuple[np.ndarray, list[dict]]],
    categories: list[dict] | None = CATEGORIES,
) -> dict:
    """Write a data set.

    Args:
        root: Its folder.
        maps: Ids and ``segments_info`` of each image, by its name without
            suffix.
        categories: Those of the JSON file; None for a file without.

    Returns:
        Config of a ``PanopticDataset`` without a pipeline.
    """
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for name, (ids, listed) in maps.items():
        image = rng.integers(0, 255, (*ids.shape, 3), dtype=np.uint8)
        write_png(root / 'images' / f'{name}.png', image)
        write_png(root / 'panoptic' / f'{name}.png', file_colours(ids))
        images.append(dict(id=name, file_name=f'{name}.png'))
        annotations.append(
            dict(image_id=name, file_name=f'{name}.png', segments_info=listed)
        )
    content = dict(images=images, annotations=annotations)
    if categories is not None:
        content['categories'] = categories
    (root / 'panoptic.json').write_text(json.dumps(content))
    return dict(
        type='PanopticDataset',
        data_root=str(root),
        ann_file='panoptic.json',
        data_prefix=dict(img_path='images', seg_map_path='panoptic'),
        img_suffix='.png',
        metainfo=dict(classes=CLASSES, thing_classes=THINGS),
    )
