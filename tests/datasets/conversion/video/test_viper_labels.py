"""VIPER's labels, on numbers of public code and on tiny files."""

import runpy

import cv2
import numpy as np
import pytest
from helpers.paths import ROOT
from helpers.reference import reference
from mmseg.datasets import CityscapesDataset
from PIL import Image

from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.conversion.label_scheme import to_train_ids
from mmseg_balance.datasets.conversion.video.viper_labels import (
    VAN,
    read_viper_ids,
    viper_scheme,
    without_ego_car,
)
from mmseg_balance.datasets.sets.video.shared_classes import SharedClasses

TOOL = ROOT / 'tools/dataset_converters/viper.py'
TRAIN_ID = CityscapesDataset.METAINFO['classes'].index('train')


def save_indexed(path, ids):
    """A palette in which van and train have one colour, as VIPER's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(ids, dtype=np.uint8), mode='P')
    colours = np.random.default_rng(0).integers(0, 256, (256, 3))
    colours[29] = colours[25]
    image.putpalette(colours.astype(np.uint8).tobytes())
    image.save(path)


def convert(root, *args):
    main = runpy.run_path(str(TOOL))['main']
    main([str(root), *args, '--nproc', '1'])


@pytest.fixture
def numbers():
    return {
        key: value.numpy()
        for key, value in reference('video/viper_labels').items()
    }


def test_fifteen_classes_without_the_ego_car_are_those_of_da_vsn(numbers):
    ids = without_ego_car(numbers['ids'])
    train_ids = to_train_ids(ids, viper_scheme())
    label_map = SharedClasses.get_label_map()
    label = np.array([label_map.get(i, i) for i in range(256)])[train_ids]
    np.testing.assert_array_equal(label, numbers['label15_davsn'])
    # the ego car is what differs
    assert (ids != numbers['ids']).any()


def test_nineteen_classes_are_those_of_uvda_but_for_vans(numbers):
    found = to_train_ids(numbers['ids'], viper_scheme())
    vans = numbers['ids'] == VAN
    assert vans.sum() == numbers['van_pixels'] > 0
    public = numbers['label19_uvda']
    assert (public[vans] == TRAIN_ID).all() and (found[vans] == 255).all()
    # 201 stands there for what is in no class
    public = np.where(public == 201, 255, public)
    np.testing.assert_array_equal(found[~vans], public[~vans])
    assert (found == TRAIN_ID).sum() == numbers['train_pixels']


def test_van_and_train_are_kept_apart(tmp_path):
    path = tmp_path / 'a.png'
    save_indexed(path, [[25, 29], [24, 3]])
    bgr = cv2.imread(str(path))
    assert (bgr[0, 0] == bgr[0, 1]).all()  # by colour they are one
    ids = to_train_ids(read_viper_ids(path), viper_scheme())
    assert ids.tolist() == [[255, TRAIN_ID], [13, 0]]


def test_colours_are_refused(tmp_path):
    path = tmp_path / 'a.png'
    save_indexed(path, [[25, 29], [24, 3]])
    cv2.imwrite(str(tmp_path / 'b.png'), cv2.imread(str(path)))
    with pytest.raises(ValueError) as error:
        read_viper_ids(tmp_path / 'b.png')
    text = str(error.value)
    assert 'b.png: PIL mode RGB' in text and 'van (25) and train (29)' in text
    assert 'PIL.Image.open' in text and 'as downloaded' in text


def test_only_the_car_at_the_bottom_goes():
    ids = np.full((4, 7), 3)
    ids[0, :2] = 24  # another car
    ids[3, 2:5] = ids[2, 5] = 24  # touches it by a corner
    found = without_ego_car(ids)
    assert (found[0, :2] == 24).all()
    assert (found[3, 2:5] == 0).all() and found[2, 5] == 0
    ids[3, 3] = 3  # the middle of the lowest row is road
    np.testing.assert_array_equal(without_ego_car(ids), ids)


@pytest.fixture
def viper(tmp_path):
    rng = np.random.default_rng(1)
    for number in (0, 5, 10):
        stem = f'001/001_{number:05d}'
        ids = rng.integers(0, 32, (18, 32))
        ids[6:, 8:24] = 24  # the car that the camera is in
        save_indexed(tmp_path / f'train/cls/{stem}.png', ids)
        image = tmp_path / f'train/img/{stem}.jpg'
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (18, 32, 3), np.uint8)).save(
            image
        )
    return tmp_path


def test_frames_that_end_in_0_are_converted_and_counted(viper, capsys):
    convert(viper)
    files, counts = load_class_counts(viper)
    assert files == [
        f'train/cls/001/001_{n:05d}_labelTrainIds.png' for n in (0, 10)
    ]
    assert not (viper / 'train/cls/001/001_00005_labelTrainIds.png').exists()
    label = np.asarray(Image.open(viper / files[0]))
    assert counts[0].tolist() == [(label == c).sum() for c in range(19)]
    assert counts[:, [3, 5, 12]].sum() == 0  # wall, pole and rider
    assert 'train' in capsys.readouterr().out
    written = {f: f.stat().st_mtime_ns for f in viper.rglob('*TrainIds.png')}
    convert(viper)  # what is there is kept
    assert {f: f.stat().st_mtime_ns for f in written} == written


def test_another_conversion_is_not_mixed_with_one_that_is_there(viper):
    convert(viper)
    with pytest.raises(SystemExit, match='delete it to have it converted'):
        convert(viper, '--ignore-ego-car')


def test_no_frame_of_that_step(viper):
    (viper / 'train/cls/001/001_00000.png').unlink()
    (viper / 'train/cls/001/001_00010.png').unlink()
    with pytest.raises(SystemExit, match='none of 1 label files'):
        convert(viper)
