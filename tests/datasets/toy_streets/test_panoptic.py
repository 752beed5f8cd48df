"""Segments of toy streets: what is told apart, and the files of it."""

import json
import re
import shutil

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from PIL import Image

import mmseg_balance  # noqa: F401
from mmseg_balance.cli.main import main
from mmseg_balance.datasets.checks.folder_checks import check_folders
from mmseg_balance.datasets.loading.preparation import preparation
from mmseg_balance.datasets.toy_streets import (
    CLASSES,
    DOMAINS,
    ToyStreets,
    draw_panoptic_street,
    generate_toy_streets,
)
from mmseg_balance.datasets.toy_streets.camera import (
    Camera,
    Scene,
    Shape,
    rectangle,
)
from mmseg_balance.datasets.toy_streets.panoptic import segment_ids
from mmseg_balance.datasets.toy_streets.render import render

SMALL = ToyStreets(
    num_source=4, num_target=1, num_val=4, num_second=4, height=64, width=64
)
# of github.com/mcordts/cityscapesScripts, in the order of train ids
IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32,
       33]  # fmt: skip
PARTS = {
    'toy_gta/panoptic.json': ('images', 'panoptic', 'labels', 4),
    'toy_synthia/GT/panoptic.json': ('RGB', 'GT/panoptic', 'GT/LABELS', 4),
    'toy_cityscapes/gtFine_panoptic/cityscapes_panoptic_train_trainId.json': (
        'leftImg8bit/train', 'gtFine_panoptic/train', 'gtFine/train', 1
    ),
    'toy_cityscapes/gtFine_panoptic/cityscapes_panoptic_val_trainId.json': (
        'leftImg8bit/val', 'gtFine_panoptic/val', 'gtFine/val', 4
    ),
}  # fmt: skip


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy')
    generate_toy_streets(folder, SMALL)
    return folder


def contents(folder):
    return {
        file.relative_to(folder): file.read_bytes()
        for file in folder.rglob('*')
        if file.is_file()
    }


def shape(label, *corners):
    return Shape([rectangle(*corners)], np.array([0.5, 0.5, 0.5]), label)


# -- one image ---------------------------------------------------------------
def test_what_is_nearer_hides_what_is_farther():
    scene = Scene(Camera(64, 64, 40.0, 30.0, 32.0, 1.6, 0.0))
    # added near ones first; painted far ones first
    scene.add(3, 5.0, [shape('pole', 30, 0, 33, 63)])
    scene.add(3, 8.0, [shape('car', 24, 20, 39, 39)])
    scene.add(3, 20.0, [shape('car', 34, 10, 59, 29)])
    ridden = shape('bicycle', 4, 40, 19, 59)
    scene.add(3, 9.0, [ridden, shape('rider', 8, 30, 15, 49)])
    scene.add(0, 90.0, [shape('road', 0, 50, 63, 63), shape(None, 0, 0, 9, 9)])
    painting = render(scene, DOMAINS['source'].look, np.random.default_rng(0))
    expected = np.full((64, 64), 23)
    expected[50:] = 7
    expected[10:30, 34:60] = 26000
    expected[40:60, 4:20] = 33000
    expected[30:50, 8:16] = 25000
    # one car although the pole leaves two parts of it
    expected[20:40, 24:40] = 26001
    expected[:, 30:34] = 17
    np.testing.assert_array_equal(segment_ids(painting), expected)


@pytest.mark.parametrize('domain', ['source', 'target', 'second'])
def test_segments_divide_the_label(domain):
    for index in range(2):
        _, label, ids = draw_panoptic_street(domain, 'train', index, SMALL)
        is_thing = ids >= 1000
        classes = np.where(is_thing, ids // 1000, ids)
        np.testing.assert_array_equal(classes, np.array(IDS)[label])
        np.testing.assert_array_equal(is_thing, label >= 11)
        for label_id in np.unique(classes[is_thing]):
            numbers = np.unique(ids[classes == label_id]) % 1000
            assert numbers.tolist() == list(range(len(numbers)))


def test_several_things_of_a_class_are_told_apart():
    settings = ToyStreets(height=128, width=256)
    found = [
        np.unique(ids[ids // 1000 == 26])
        for ids in (
            draw_panoptic_street('target', 'train', i, settings)[2]
            for i in range(4)
        )
    ]
    # six parked and moving cars are expected in an image of the target
    assert np.mean([len(cars) for cars in found]) > 3


# -- on disk -----------------------------------------------------------------
@pytest.mark.parametrize('list_file', PARTS)
def test_lists_png_files_and_labels_agree(generated, list_file):
    images, panoptic, labels, number = PARTS[list_file]
    root = generated / list_file.split('/')[0]
    content = json.loads((generated / list_file).read_text())
    assert len(content['annotations']) == len(content['images']) == number
    assert [c['name'] for c in content['categories']] == list(CLASSES)
    assert [c['id'] for c in content['categories']] == list(range(19))
    assert [c['isthing'] for c in content['categories']] == 11 * [0] + 8 * [1]
    for image, entry in zip(
        content['images'], content['annotations'], strict=True
    ):
        assert image['id'] == entry['image_id']
        stored = Image.open(root / images / image['file_name'])
        assert stored.size == (image['width'], image['height'])
        png = root / panoptic / entry['file_name']
        colours = np.asarray(Image.open(png)).astype(int)
        ids = colours @ [1, 256, 65536]
        assert [s['id'] for s in entry['segments_info']] == sorted(
            set(ids.ravel().tolist())
        )
        label = np.full(ids.shape, 255)
        for segment in entry['segments_info']:
            mask = ids == segment['id']
            assert segment['area'] == mask.sum()
            assert segment['iscrowd'] == 0
            label[mask] = segment['category_id']
        name = entry['file_name'].replace('_panoptic', '_labelTrainIds')
        saved = np.asarray(Image.open(root / labels / name))
        np.testing.assert_array_equal(label, saved)


def test_segments_are_added_to_streets_that_are_there(generated, tmp_path):
    folder = tmp_path / 'streets'
    shutil.copytree(generated, folder)
    for list_file, (_, panoptic, _, _) in PARTS.items():
        (folder / list_file).unlink()
        shutil.rmtree(folder / list_file.split('/')[0] / panoptic)
    kept = {file: file.stat().st_mtime_ns for file in folder.rglob('*_l*.png')}
    assert len(kept) == 4 + 4 + 2 * (1 + 4)
    generate_toy_streets(folder, SMALL)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert contents(folder) == contents(generated)


def test_segments_are_not_added_to_other_labels(generated, tmp_path):
    folder = tmp_path / 'streets'
    shutil.copytree(generated, folder)
    (folder / 'toy_gta/panoptic/00002_panoptic.png').unlink()
    label = folder / 'toy_gta/labels/00002_labelTrainIds.png'
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(label)
    with pytest.raises(ValueError, match='00002_labelTrainIds.png is not wha'):
        generate_toy_streets(folder, SMALL)


def test_the_command_that_adds_segments_is_named(generated, tmp_path):
    folder = tmp_path / 'streets'
    shutil.copytree(generated, folder)
    dataset = dict(
        type='SYNTHIAPanopticDataset',
        data_root=str(folder / 'toy_gta'),
        ann_file='panoptic.json',
        data_prefix=dict(img_path='images', seg_map_path='panoptic'),
        lazy_init=True,
    )
    init_default_scope('mmseg')
    dataset = DATASETS.build(dataset)
    check_folders(dataset, 'source', with_labels=True)
    (folder / 'toy_gta/panoptic.json').unlink()
    shutil.rmtree(folder / 'toy_synthia')
    with pytest.raises(FileNotFoundError) as error:
        check_folders(dataset, 'source', with_labels=True)
    problem, _, command = str(error.value).partition('. Make it with: ')
    assert problem == f'source.ann_file: {dataset.ann_file} does not exist'
    words = command.split()
    assert words[:4] == ['mmseg-balance', 'data', 'toy-streets', str(folder)]
    main(words[1:])
    check_folders(dataset, 'source', with_labels=True)
    assert not (folder / 'toy_synthia').exists()


@pytest.mark.parametrize('name', ['SYNTHIA', 'Cityscapes'])
def test_the_option_that_adds_segments_is_named(name):
    init_default_scope('mmseg')
    dataset = DATASETS.build(
        dict(
            type=f'{name}PanopticDataset',
            data_root='data/it',
            ann_file='missing.json',
            lazy_init=True,
        )
    )
    command = f'mmseg-balance data {name.lower()} data/it --panoptic'
    assert preparation(dataset).endswith(command)
    # not only where the data set is built lazily
    file = re.escape(dataset.ann_file)
    with pytest.raises(FileNotFoundError, match=f'{file}.*{command}'):
        dataset.full_init()
