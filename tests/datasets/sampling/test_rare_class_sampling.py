import json

import cv2
import numpy as np
import pytest
import torch
from helpers.reference import reference
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from mmseg_balance.datasets import Draw, UDADataset, rcs_class_probs
from mmseg_balance.datasets.sampling.rare_class_sampling import (
    RareClassSampling,
)

CLASSES = ('road', 'car', 'sky', 'train')
SIZE = (20, 40)


@TRANSFORMS.register_module()
class CountCalls(BaseTransform):
    """Counts how often it runs, and spoils what it was given."""

    calls = {'before': 0, 'Crop': 0}

    def __init__(self, where):
        self.where = where

    def transform(self, results):
        self.calls[self.where] += 1
        return results


@TRANSFORMS.register_module()
class SpoilingCrop(CountCalls):
    """A crop that writes into its input, as RandomCutOut does."""

    def transform(self, results):
        assert (results['img'] != 77).any()
        results['img'][:] = 77
        return super().transform(results)


@pytest.fixture(autouse=True)
def _counters():
    CountCalls.calls.update(before=0, Crop=0)


def pipeline(*crops):
    return [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
        dict(type='CountCalls', where='before'),
        *crops,
        dict(type='PackSegInputs'),
    ]


def spoiling(size):
    return [
        dict(type='SpoilingCrop', where='Crop'),
        dict(type='RandomCrop', crop_size=size),
    ]


def write_label(root, name, columns):
    """Write an image, and a label of columns of classes: {class: width}."""
    label = np.repeat(list(columns), list(columns.values()))
    label = np.tile(label.astype(np.uint8), (SIZE[0], 1))
    assert label.shape == SIZE
    for folder in ('images', 'labels'):
        path = root / folder / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), label if folder == 'labels' else label * 9)
    counts = np.bincount(label[label != 255], minlength=1)
    return {str(c): int(n) for c, n in enumerate(counts) if n}


def make_source(root, files, stats=True, crops=(), names='labels/{}.png'):
    entries = [
        {**write_label(root, name, columns), 'file': names.format(name)}
        for name, columns in files.items()
    ]
    if stats:
        (root / 'sample_class_stats.json').write_text(json.dumps(entries))
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=CLASSES),
        serialize_data=False,
        pipeline=pipeline(*crops),
    )


FILES = {
    'a': {0: 30, 1: 10},
    'b': {0: 39, 1: 1},
    'c': {0: 20, 2: 15, 255: 5},
    'd': {0: 20, 1: 20},
}


def make_pair(root, rare_class_sampling, files=None, **kwargs):
    """Data set with class 'train' absent, 1 px columns of 20 pixels."""
    source = make_source(root, files or FILES, **kwargs)
    target = {**source, 'pipeline': pipeline()}
    return UDADataset(source, target, rare_class_sampling)


def stem(pair):
    return pair['source']['data_samples'].img_path[-5]


def test_probabilities_equal_those_of_the_reference():
    data = {k: v.numpy() for k, v in reference('rcs').items()}
    for temperature in (0.01, 0.1):
        classes, probs = rcs_class_probs(data['pixel_counts'], temperature)
        np.testing.assert_array_equal(classes, data[f'classes_T{temperature}'])
        np.testing.assert_allclose(
            probs, data[f'probs_T{temperature}'], rtol=1e-4, atol=1e-4
        )


def test_probabilities_by_hand():
    counts = np.array([[10, 0, 60, 0], [0, 0, 0, 30]])
    classes, probs = rcs_class_probs(counts, temperature=0.5)
    assert classes.tolist() == [0, 3, 2]
    weights = np.exp([0.9 / 0.5, 0.7 / 0.5, 0.4 / 0.5])
    np.testing.assert_allclose(probs, weights / weights.sum())
    with pytest.raises(ValueError, match='no pixel of any class'):
        rcs_class_probs(np.zeros((2, 3)), 0.1)


def test_files_and_classes_are_drawn_as_often_as_they_should(tmp_path):
    dataset = make_pair(
        tmp_path, dict(class_temp=0.5, min_pixels=20, min_crop_ratio=0)
    )
    # pixels: road 2180, car 620, sky 300; a car needs more than 20
    share = np.array([300, 620, 2180]) / 3100
    weights = np.exp((1 - share) / 0.5)
    sky, car, road = weights / weights.sum()
    expected = {
        'a': car / 2 + road / 4,
        'b': road / 4,
        'c': sky + road / 4,
        'd': car / 2 + road / 4,
    }
    n = 2000
    drawn = [stem(dataset[Draw(0, seed)]) for seed in range(n)]
    for name, p in expected.items():
        tolerance = 4 * np.sqrt(p * (1 - p) / n)
        assert abs(drawn.count(name) / n - p) < tolerance


def test_draws_are_a_function_of_the_seed(tmp_path):
    dataset = make_pair(
        tmp_path,
        dict(min_pixels=20),
        crops=[dict(type='RandomCrop', crop_size=(10, 10))],
    )
    first = dataset[Draw(0, seed=8)]['source']
    dataset[Draw(3, seed=1)]
    again = dataset[Draw(1, seed=8)]['source']
    assert torch.equal(first['inputs'], again['inputs'])
    assert torch.equal(
        first['data_samples'].gt_sem_seg.data,
        again['data_samples'].gt_sem_seg.data,
    )


def test_crops_are_repeated_until_the_class_is_in(tmp_path):
    # the rare class is in the last 2 of 40 columns: 20 of 200 pixels at most
    # in a 10 x 10 crop, and in 2 of 31 positions alone
    dataset = make_pair(
        tmp_path,
        dict(min_pixels=30, min_crop_ratio=0.3, max_crops=500),
        files={'a': {0: 38, 2: 2}},
        crops=[dict(type='RandomCrop', crop_size=(10, 10))],
    )
    counts = [
        (dataset[Draw(0, s)]['source']['data_samples'].gt_sem_seg.data == 2)
        .sum()
        .item()
        for s in range(20)
    ]
    assert min(counts) > 9


@pytest.mark.parametrize(('ratio', 'crops'), [(0, 1), (0.1, 1), (1e3, 1 + 4)])
def test_image_is_decoded_once_whatever_the_number_of_crops(
    tmp_path, ratio, crops
):
    dataset = make_pair(
        tmp_path,
        dict(min_pixels=30, min_crop_ratio=ratio, max_crops=4),
        files={'a': {0: 20, 1: 20}},
        crops=spoiling((20, 30)),
    )
    CountCalls.calls.update(before=0, Crop=0)
    pair = dataset[Draw(0, 1)]
    # one call is the target's
    assert CountCalls.calls == {'before': 2, 'Crop': crops}
    assert (pair['source']['inputs'] == 77).all()


def test_without_a_crop_there_is_one_try(tmp_path):
    dataset = make_pair(tmp_path, dict(min_pixels=20, min_crop_ratio=1e3))
    CountCalls.calls.update(before=0)
    assert dataset[0]['source']['inputs'].shape == (3, *SIZE)
    assert CountCalls.calls['before'] == 2


@pytest.fixture
def warnings(monkeypatch):
    """Lines that rare class sampling logs."""
    lines = []
    monkeypatch.setattr(
        'mmseg_balance.datasets.sampling.rare_class_sampling.print_log',
        lambda line, *_: lines.append(line),
    )
    return lines


# a crop that neither its class nor its name tells
HIDDEN = dict(
    type='RandomApply',
    prob=1.0,
    transforms=[dict(type='RandomCrop', crop_size=(10, 10))],
)


@pytest.mark.parametrize('name', ['RandomApply', 'mmcv.RandomApply', None])
def test_a_crop_of_another_name_is_named_or_missed(tmp_path, warnings, name):
    dataset = make_pair(
        tmp_path,
        dict(
            min_pixels=30,
            min_crop_ratio=0.3,
            max_crops=500,
            split_before=name,
        ),
        files={'a': {0: 38, 2: 2}},
        crops=[HIDDEN],
    )
    shares = [
        (dataset[Draw(0, s)]['source']['data_samples'].gt_sem_seg.data == 2)
        .sum()
        .item()
        for s in range(20)
    ]
    assert (min(shares) > 9) == (name is not None)
    assert len(warnings) == (name is None)
    if name is None:
        assert (
            'no transform of source.pipeline is known to crop' in (warnings[0])
        )
        assert "split_before='CountCalls'" in warnings[0]
        assert 'CountCalls, RandomApply crops' in warnings[0]


@pytest.mark.parametrize(
    'settings, crops',
    [
        (dict(min_crop_ratio=0), [HIDDEN]),
        (dict(max_crops=0), [HIDDEN]),
        ({}, [dict(type='RandomCrop', crop_size=(10, 10))]),
        ({}, [HIDDEN, dict(type='CenterCrop', crop_size=(10, 10))]),
    ],
)
def test_nothing_is_missed_where_nothing_is_to_be_cropped_again(
    tmp_path, warnings, settings, crops
):
    make_pair(tmp_path, dict(min_pixels=20, **settings), crops=crops)
    assert warnings == []


@pytest.mark.parametrize('name', ['RandomCropp', 'LoadAnnotations'])
def test_a_crop_that_is_not_there(tmp_path, name):
    crops = [dict(type='RandomCrop', crop_size=(10, 10))]
    with pytest.raises(ValueError) as error:
        make_pair(
            tmp_path, dict(min_pixels=20, split_before=name), crops=crops
        )
    assert str(error.value) == (
        f'rare_class_sampling.split_before is {name!r}, expected the '
        'transform of source.pipeline that crops, one of those behind the '
        'loading of files: CountCalls, RandomCrop, PackSegInputs'
    )


def test_a_sample_is_drawn_as_scripts_of_before_did(tmp_path):
    dataset = make_pair(tmp_path, dict(min_pixels=20, min_crop_ratio=0))
    domain, sampling = dataset.domains['source'], dataset.rare_class_sampling
    np.random.seed(0)
    index = sampling.choose().index
    np.random.seed(0)
    with pytest.warns(DeprecationWarning, match='choose'):
        packed = sampling.draw(domain)
    assert torch.equal(packed['inputs'], domain[index]['inputs'])


def test_missing_statistics_name_the_command(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        make_pair(tmp_path, {}, stats=False)
    assert (
        f'mmseg-balance data class-stats {tmp_path}/labels '
        f'--num-classes 4 --suffix .png --out-dir {tmp_path}'
    ) in str(error.value)


def test_class_without_a_file_above_min_pixels(tmp_path):
    with pytest.raises(ValueError) as error:
        make_pair(tmp_path, dict(min_pixels=400))
    message = str(error.value)
    assert 'rare_class_sampling.min_pixels is 400' in message
    assert "'sky' (class 2: at most 300 pixels in a file)" in message
    # 400 pixels are not above 400
    assert "'car' (class 1: at most 400 pixels" in message
    assert 'road' not in message


def test_statistics_elsewhere_and_of_more_files(tmp_path):
    source = make_source(tmp_path / 'data', FILES)
    (tmp_path / 'data/images/a.png').unlink()
    (tmp_path / 'stats').mkdir()
    (tmp_path / 'data/sample_class_stats.json').rename(
        tmp_path / 'stats/sample_class_stats.json'
    )
    rcs = dict(stats_dir=str(tmp_path / 'stats'), min_pixels=10)
    sampling = UDADataset(source, source, rcs).rare_class_sampling
    assert sampling._files[1].tolist() == [0, 2]


def test_statistics_of_another_data_set(tmp_path):
    with pytest.raises(ValueError) as error:
        make_pair(tmp_path, {}, names='labels/x{}.png')
    message = str(error.value)
    assert 'sample_class_stats.json is not of the source data set' in message
    assert '4 labels are missing in it' in message
    assert f'{tmp_path}/labels/a.png' in message


def test_statistics_with_a_class_too_many(tmp_path):
    source = make_source(tmp_path, FILES)
    source['metainfo'] = dict(classes=CLASSES[:2])
    for name in 'abcd':
        write_label(tmp_path, name, {0: 20, 1: 20})
    with pytest.raises(ValueError, match='counts class 2, and .* 2 classes'):
        UDADataset(source, source, {})


def test_classes_left_out_by_the_data_set_are_not_counted(tmp_path):
    source = make_source(tmp_path, FILES)
    source['type'] = 'CityscapesDataset'
    source['seg_map_suffix'] = '.png'
    # road, sidewalk, building stand for the ids 0, 1, 2; keep two, swapped
    source['metainfo'] = dict(classes=('building', 'road'))
    rcs = dict(min_pixels=20)
    sampling = UDADataset(source, source, rcs).rare_class_sampling
    assert sampling.classes.tolist() == [0, 1]
    assert sampling._files[0].tolist() == [2]
    assert sampling._files[1].tolist() == [0, 1, 2, 3]


def test_statistics_of_several_sources(tmp_path):
    children = [
        make_source(tmp_path / 'x', FILES),
        make_source(tmp_path / 'y', {'e': {2: 20, 3: 20}}),
    ]
    source = dict(type='ConcatDataset', datasets=children)
    rcs = dict(min_pixels=20)
    sampling = UDADataset(source, children[0], rcs).rare_class_sampling
    assert sampling._files[2].tolist() == [2, 4]
    assert sampling._files[3].tolist() == [4]


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('class_temp', 0),
        ('class_temp', '0.1'),
        ('min_pixels', '30'),
        ('min_pixels', -1),
        ('min_crop_ratio', -0.5),
        ('max_crops', -1),
        ('split_before', 3),
    ],
)
def test_arguments_out_of_range(key, value):
    with pytest.raises(ValueError, match=f'{key}: expected .*found {value!r}'):
        RareClassSampling(**{key: value})


def test_a_draw_of_ones_own_is_no_longer_called():
    with pytest.raises(TypeError, match='Mine.draw, of 0.1.0.*choose'):

        class Mine(RareClassSampling):
            def draw(self, branch):
                return branch[0]
