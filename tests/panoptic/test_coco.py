"""The segments of an image, against a direct loop."""

import json

import numpy as np
import pytest

from mmseg_balance.panoptic.coco import (
    category_entries,
    panoptic_json,
    segments_info,
)


def test_segments_against_a_direct_loop():
    rng = np.random.default_rng(0)
    ids = rng.choice([0, 7, 24000, 24], (9, 13), p=[0.5, 0.3, 0.1, 0.1])
    ids[4, 5] = 26003
    categories = {7: 0, 24: 11, 24000: 11, 26003: 13, 33: 18}
    expected = []
    for segment in (7, 24, 24000, 26003):
        rows, columns = np.nonzero(ids == segment)
        expected.append(
            dict(
                id=segment,
                category_id=categories[segment],
                area=len(rows),
                bbox=[
                    min(columns),
                    min(rows),
                    max(columns) - min(columns) + 1,
                    max(rows) - min(rows) + 1,
                ],
                iscrowd=int(segment == 24),
            )
        )
    assert segments_info(ids, categories, crowds={24}) == expected


def test_only_void():
    assert segments_info(np.zeros((3, 4), np.int32), {}) == []


def test_an_id_without_category():
    with pytest.raises(KeyError, match='5'):
        segments_info(np.full((2, 2), 5), {7: 0})


def test_json_holds_plain_numbers():
    segments = segments_info(np.full((2, 3), 7, np.int32), {7: 0})
    categories = category_entries(
        [0, 11], ['road', 'person'], [[1, 2, 3], [4, 5, 6]], {'person'}
    )
    text = panoptic_json(
        [dict(id='a', width=3, height=2, file_name='a.png')],
        [dict(image_id='a', file_name='a.png', segments_info=segments)],
        categories,
    )
    assert json.loads(text) == dict(
        images=[dict(id='a', width=3, height=2, file_name='a.png')],
        annotations=[
            dict(
                image_id='a',
                file_name='a.png',
                segments_info=[
                    dict(
                        id=7, category_id=0, area=6, bbox=[0, 0, 3, 2],
                        iscrowd=0,
                    )
                ],
            )
        ],
        categories=[
            dict(id=0, name='road', color=[1, 2, 3], isthing=0),
            dict(id=11, name='person', color=[4, 5, 6], isthing=1),
        ],
    )  # fmt: skip
