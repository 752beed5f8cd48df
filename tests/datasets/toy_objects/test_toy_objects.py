"""Toy objects: determinism, shift, layout, resuming, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmseg_balance.cli.main import main
from mmseg_balance.datasets import VisDA2017Dataset
from mmseg_balance.datasets.toy_objects import (
    CLASSES,
    DOMAINS,
    ToyObjects,
    draw_object,
    generate_toy_objects,
)

SMALL = ToyObjects(num_source=2, num_target=1, size=32)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy') / 'toy_objects'
    generate_toy_objects(folder, SMALL)
    return folder


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def test_classes_are_those_of_visda():
    assert CLASSES == VisDA2017Dataset.METAINFO['classes']


def test_an_image_depends_on_its_settings_alone():
    args = ('validation', 'horse', 3)
    image = draw_object(*args, SMALL)
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    np.random.default_rng(1).random()
    more = replace(SMALL, num_source=9, num_target=7, imbalance=4)
    assert (draw_object(*args, more) == image).all()
    for other in (
        draw_object(*args, replace(SMALL, seed=1)),
        draw_object('train', 'horse', 3, SMALL),
        draw_object('validation', 'knife', 3, SMALL),
        draw_object('validation', 'horse', 4, SMALL),
    ):
        assert (other != image).any()


def test_classes_are_told_apart_by_their_shapes():
    """The nearest mean is mostly that of the class, by chance 1 in 12."""
    settings = ToyObjects(size=32)
    halves = [
        np.stack([
            np.mean([draw_object('train', name, i, settings).std(-1)
                     for i in range(start, start + 10)], axis=0)
            for name in CLASSES
        ])
        for start in (0, 10)
    ]  # fmt: skip
    distances = np.abs(halves[0][:, None] - halves[1]).mean((-2, -1))
    assert (distances.argmin(axis=1) == np.arange(12)).sum() >= 6


def test_domains_differ_and_not_all_classes_as_much():
    def clutter(domain, name):
        images = [draw_object(domain, name, i, ToyObjects()) for i in range(8)]
        return np.abs(np.diff(np.stack(images).astype(float), axis=1)).mean()

    assert clutter('validation', 'plant') > clutter('train', 'plant')
    from mmseg_balance.datasets.toy_objects.looks import SOURCE, look_of

    covered = [look_of('validation', name)[0].covered for name in CLASSES]
    assert len(set(covered)) == 12 and min(covered) > SOURCE.covered
    assert look_of('train', 'truck') == look_of('train', 'plant')


def test_layout_is_that_of_visda(folder):
    for domain, number in zip(DOMAINS, (2, 1)):
        dataset = VisDA2017Dataset(data_root=str(folder), split=domain)
        assert dataset.class_pixels().sum(0).tolist() == [number] * 12
        assert dataset.ann_file.endswith(f'image_list/{domain}.txt')
    path = folder / 'validation/truck/00001.png'
    drawn = draw_object('validation', 'truck', 0, SMALL)
    assert (np.asarray(Image.open(path)) == drawn).all()


def test_frequencies_that_differ():
    settings = ToyObjects(num_source=100, num_target=100, imbalance=10)
    source, target = (
        np.array([settings.count(domain, name) for name in CLASSES])
        for domain in DOMAINS
    )
    assert source.max() == target.max() == 100
    assert source.min() == target.min() == 10
    assert np.corrcoef(np.log(source), np.log(target))[0, 1] < -0.99
    assert ToyObjects(num_source=3, imbalance=10).count('train', 'knife') == 1


def test_an_interrupted_run_goes_on(folder, tmp_path, capsys):
    there = tmp_path / 'toy_objects'
    options = ['--num-source=2', '--num-target=1', '--size=32', '--nproc=2']
    generate_toy_objects(there, SMALL)
    (there / 'train/bus/00002.png').unlink()
    kept = (there / 'train/bus/00001.png').stat().st_mtime_ns
    main(['data', 'toy-objects', str(there), *options])
    assert files(there) == files(folder)
    assert (there / 'train/bus/00001.png').stat().st_mtime_ns == kept
    assert 'aeroplane       2           1' in capsys.readouterr().out


def test_others_are_left_alone(folder, tmp_path):
    before = files(folder)
    with pytest.raises(ValueError, match=r'generated with seed 0 \(now 1\)'):
        generate_toy_objects(folder, replace(SMALL, seed=1))
    assert files(folder) == before
    (tmp_path / 'mine.txt').touch()
    with pytest.raises(ValueError, match='so they are not toy objects'):
        generate_toy_objects(tmp_path, SMALL)
    with pytest.raises(SystemExit, match='imbalance: expected at least 1'):
        main(['data', 'toy-objects', str(folder), '--imbalance=0'])
