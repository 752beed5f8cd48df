"""A check of all data of panoptic data sets."""

import json

import numpy as np
import pytest
from helpers.panoptic_files import CAR, ROAD, segments_info, street
from helpers.panoptic_files import write_panoptic_set as write_set
from mmengine.config import Config
from PIL import Image

import mmseg_balance  # noqa: F401
from mmseg_balance.runs.data.check import check_data

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadPanopticAnnotations')]


@pytest.fixture
def check(tmp_path):
    """Write a data set, change its list, and check it as that of a test."""

    def run(maps, change=None, **kwargs):
        dataset = write_set(tmp_path, maps) | kwargs
        if change is not None:
            file = tmp_path / 'panoptic.json'
            content = json.loads(file.read_text())
            change(content)
            file.write_text(json.dumps(content))
        loader = dict(dataset=dataset | dict(pipeline=LOAD))
        cfg = Config(dict(test_dataloader=loader))
        return check_data(cfg, tmp_path / 'state.jsonl')

    return run


def only_road():
    ids = np.full((24, 32), ROAD)
    return ids, segments_info(ids)


def test_things_are_counted(check):
    void = np.zeros((24, 32), int)
    crowd = void.copy()
    crowd[:9] = CAR
    report = check(
        dict(
            street=street(),
            road=only_road(),
            void=(void, []),
            crowd=(crowd, segments_info(crowd, crowds=(CAR,))),
        )
    )
    assert report.num_stops == 0
    text = report.text()
    # of street: two cars, a person, and a crowd of persons
    assert '3 things in 1 images; 2 crowds' in text
    assert 'person       1       1               1' in text
    assert 'car          2       1               2' in text
    assert 'note: 3 images have no thing that is told apart' in text
    assert '2 labels have no pixel of a class' in text


def test_areas_that_are_not_those_of_the_png(check, tmp_path):
    def grow(content):
        content['annotations'][0]['segments_info'][0]['area'] += 5

    report = check(dict(a=street(), b=street()), grow)
    png = tmp_path / 'panoptic/a.png'
    told = f'of other areas than the JSON file lists ({png})'
    assert told in report.text()
    # the same images and a list that was mended
    assert 'other areas' not in check(dict(a=street(), b=street())).text()


def without_list(content):
    del content['annotations'][1]['segments_info']


def another_id(content):
    content['annotations'][1]['segments_info'][2]['id'] += 1


@pytest.mark.parametrize(
    'change, told',
    [
        (without_list, 'the annotation of b.png has no segments_info'),
        (another_id, 'b.png has pixels of id'),
    ],
)
def test_lists_that_do_not_fit(check, change, told):
    report = check(dict(a=street(), b=street()), change)
    assert report.num_stops == 1
    assert told in report.text()


def test_png_files_that_do_not_fit(check, tmp_path):
    maps = dict(a=street(), b=street(), c=street())

    def spoil(_):
        Image.new('RGB', (31, 24)).save(tmp_path / 'panoptic/a.png')
        Image.new('L', (32, 24)).save(tmp_path / 'panoptic/b.png')
        (tmp_path / 'panoptic/c.png').write_bytes(b'\x89PNG')

    report = check(maps, spoil)
    assert report.num_stops == 3, report.text()
    for told in (
        'a.png has no pixel of id',
        'b.png is uint8 of shape (24, 32), expected a panoptic PNG',
        'c.png cannot be',
    ):
        assert told in report.text()
