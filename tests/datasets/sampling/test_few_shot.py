"""Few target images: what is chosen, by what, and what is refused."""

import re

import cv2
import numpy as np
import pytest
from mmseg.registry import DATASETS

from mmseg_balance.datasets import Draw, UDADataset
from mmseg_balance.datasets.sampling.few_shot import FewShot

CLASSES = ('road', 'car')
CITIES = dict(aachen=8, bonn=4)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Twelve images of two cities; those of aachen have labels."""
    folder = tmp_path_factory.mktemp('few')
    for city, number in CITIES.items():
        for kind in ('images', 'labels'):
            (folder / kind / city).mkdir(parents=True)
        for i in range(number):
            image = np.full((8, 8, 3), 20 * i, np.uint8)
            name = f'{city}/{city}_{i:03}'
            cv2.imwrite(str(folder / f'images/{name}_cam.png'), image)
            label = np.tile(np.arange(8, dtype=np.uint8) % 2, (8, 1))
            cv2.imwrite(str(folder / f'labels/{name}_id.png'), label)
    return folder


def config(root, city='', labels=False):
    load = [dict(type='LoadImageFromFile')]
    prefix = dict(img_path=f'images/{city}')
    if labels:
        load.append(dict(type='LoadAnnotations'))
        prefix['seg_map_path'] = f'labels/{city}'
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=prefix,
        img_suffix='_cam.png',
        seg_map_suffix='_id.png',
        metainfo=dict(classes=CLASSES),
        serialize_data=False,
        pipeline=[*load, dict(type='PackSegInputs')],
    )


def chosen(root, few_shot, **changes):
    target = config(root) | changes
    data = UDADataset(config(root, 'aachen', True), target, few_shot=few_shot)
    assert len(data.target) == len(data.few_shot.chosen)
    return data.few_shot.chosen


def drawn(data, number=60):
    """The target images of so many pairs."""
    return {
        data[Draw(0, seed)]['target']['data_samples'].img_path
        for seed in range(number)
    }


@pytest.mark.parametrize('few_shot, number', [
    (3, 3), (12, 12), (0.25, 3), (0.01, 1), (1.0, 12), (dict(number=2), 2),
    (dict(share=0.5, seed=4), 6),
])  # fmt: skip
def test_so_many_are_chosen_and_no_other_is_drawn(root, few_shot, number):
    data = UDADataset(
        config(root, 'aachen', True), config(root), few_shot=few_shot
    )
    names = data.few_shot.chosen
    assert len(names) == len(set(names)) == number == len(data.target)
    assert data.few_shot.total == 12
    assert len(data) == 8  # all of the source
    assert drawn(data) == {f'{root}/images/{name}' for name in names}


def test_choice_is_of_its_own_seed_alone(root, tmp_path):
    np.random.seed(5)
    first = chosen(root, 5)
    np.random.seed(6)
    assert chosen(root, dict(number=5, seed=0)) == first
    others = {chosen(root, dict(number=5, seed=s)) for s in range(1, 6)}
    assert len(others | {first}) > 4
    # as it is where the same images lie elsewhere
    (tmp_path / 'moved').symlink_to(root)
    assert chosen(tmp_path / 'moved', 5) == first
    # the fewer are among the more
    assert set(chosen(root, 4)) < set(first) < set(chosen(root, 9))


def test_every_image_is_chosen_as_often(root):
    count = np.zeros(12)
    names = chosen(root, 12)
    paths = {f'images/{name}': name for name in names}
    for seed in range(400):
        picks = FewShot(number=3, seed=seed)._choose(paths, ())
        for path in picks:
            count[names.index(paths[path])] += 1
    # binomial: 100 +- 8.7
    assert 60 < count.min() and count.max() < 140


@pytest.mark.parametrize('names', [
    ['aachen/aachen_001_cam.png', 'bonn/bonn_003_cam.png'],
    ['aachen_001', 'bonn_003_cam.png'],
    ('./bonn/bonn_003', 'images/aachen/aachen_001'),
])  # fmt: skip
def test_names_as_they_end(root, names):
    expected = ('aachen/aachen_001_cam.png', 'bonn/bonn_003_cam.png')
    assert chosen(root, names) == expected
    assert chosen(root, dict(names=names)) == expected
    assert chosen(root, [f'{root}/images/{n}' for n in expected]) == expected


def test_a_file_of_names_is_read_back(root, tmp_path):
    names = chosen(root, 5)
    file = tmp_path / 'few_shot.txt'
    file.write_text('\n'.join(names) + '\n\n', encoding='utf-8-sig')
    assert chosen(root, str(file)) == names
    assert chosen(root, dict(file=str(file))) == names


def test_several_data_sets_and_those_that_are_built(root):
    parts = [config(root, city) for city in CITIES]
    wrapped = dict(
        type='RepeatDataset',
        times=2,
        dataset=dict(type='ConcatDataset', datasets=parts),
    )
    source = config(root, 'aachen', True)
    data = UDADataset(source, wrapped, few_shot=5)
    # as of one data set of the same images
    assert data.few_shot.chosen == chosen(root, 5)
    assert len(data.target) == 10
    assert drawn(data) == {f'{root}/images/{n}' for n in data.few_shot.chosen}
    # one part has none left
    data = UDADataset(source, wrapped, few_shot=['bonn_001'])
    assert len(data.target) == 2 and len(drawn(data, 9)) == 1
    built = DATASETS.build(wrapped | dict(times=3))
    data = UDADataset(source, built, few_shot=5)
    assert len(data.target) == 15 and len(built) == 36
    assert drawn(data) == {f'{root}/images/{n}' for n in data.few_shot.chosen}


def test_labels_of_the_target_stay_with_their_images(root):
    target = config(root, labels=True)
    data = UDADataset(config(root, 'aachen', True), target, few_shot=3)
    for i in range(3):
        info = data.target.get_data_info(i)
        name = data.few_shot.chosen[i].replace('_cam.png', '_id.png')
        assert info['seg_map_path'] == f'{root}/labels/{name}'


# -- what is refused ---------------------------------------------------------
@pytest.mark.parametrize('few_shot, message', [
    ([], r'few_shot is an empty list: name at least one target image'),
    (dict(names=[]), 'few_shot is an empty list'),
    (13, 'few_shot asks for 13 target images, and there are 12: set it to'),
    (0, 'few_shot is 0, expected at least 1 image, or None for all'),
    (-1, 'few_shot is -1, expected at least 1 image'),
    (0.0, r'few_shot is 0.0, expected a share above 0 and at most 1'),
    (30.0, r'few_shot is 30.0, .* or a whole number of images \(30\)'),
    (float('nan'), 'few_shot is nan, expected a share'),
    (dict(seed=1), 'takes one of number, share, names, file'),
    (dict(number=2, share=0.1), 'takes one of number, share, names, file'),
    (dict(count=2), 'no argument count: expected some of number, share'),
    (dict(number=2, seed=-1), 'few_shot.seed is -1, expected a whole number'),
    (dict(names=['bonn_001'], seed=1), 'nothing is drawn of a list of names'),
    (['aachen_001', 'aachen_001'], "few_shot names 'aachen_001' twice"),
    (['aachen_001', 'aachen/aachen_001'], 'are one image: name it once'),
    (['aachen_001', 'bonn_01', 'ulm'],
     r"few_shot: 2 names are those of no image \('bonn_01', 'ulm'\); there "
     r"are 12 target images, 'bonn/bonn_001_cam.png' comes closest"),
])  # fmt: skip
def test_what_cannot_be_chosen(root, few_shot, message):
    with pytest.raises(ValueError, match=message):
        chosen(root, few_shot)


@pytest.mark.parametrize('few_shot', [True, dict(number='30'), ['a', 3],
                                      dict(names='abc'), {3}])  # fmt: skip
def test_what_is_no_choice(root, few_shot):
    with pytest.raises(TypeError, match='few_shot'):
        chosen(root, few_shot)


def test_lists_that_cannot_be_read(root, tmp_path):
    missing = tmp_path / 'few.txt'
    text = f'few_shot: there is no file {missing}, expected a text file'
    with pytest.raises(FileNotFoundError, match=re.escape(text)):
        chosen(root, str(missing))
    missing.write_text('\n')
    with pytest.raises(ValueError, match='few.txt is an empty list'):
        chosen(root, str(missing))
    missing.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match='few.txt is no text in UTF-8'):
        chosen(root, str(missing))


def test_a_name_of_several_images(root, tmp_path):
    for city in ('a', 'b'):
        (tmp_path / city).mkdir()
        (tmp_path / city / '0_cam.png').write_bytes(
            (root / 'images/bonn/bonn_000_cam.png').read_bytes()
        )
    changes = dict(data_root='', data_prefix=dict(img_path=str(tmp_path)))
    with pytest.raises(ValueError, match=(
        r"'0_cam.png' is the name of 2 images \(a/0_cam.png, b/0_cam.png\): "
        'put as many of its folders in front as tell them apart'
    )):  # fmt: skip
        chosen(root, ['0_cam.png'], **changes)
    assert chosen(root, ['b/0_cam.png'], **changes) == ('b/0_cam.png',)


def test_no_target_to_choose_of(root):
    with pytest.raises(
        ValueError, match='few_shot is 3, but there is no targ'
    ):
        UDADataset(config(root, 'aachen', True), few_shot=3)
