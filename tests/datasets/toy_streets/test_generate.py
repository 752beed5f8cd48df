"""Toy streets: determinism, classes, layout, resuming, refusals."""

import json
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from helpers.paths import ROOT
from mmseg.datasets import CityscapesDataset
from PIL import Image

from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.toy_streets import (
    CLASSES,
    ToyStreets,
    draw_street,
    generate,
    generate_toy_streets,
)

TOOL = ROOT / 'tools/dataset_converters/toy_streets.py'
COUNTS = dict(num_source=8, num_target=3, num_val=8, num_second=4)
SMALL = ToyStreets(**COUNTS, height=64, width=128)
ABSENT = ('terrain', 'truck', 'train')


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy')
    return folder, generate_toy_streets(folder, SMALL)


@pytest.fixture(scope='module')
def domains():
    """Images and labels of each domain at half the default size."""
    settings = ToyStreets(height=128, width=256)
    return {
        domain: [
            np.stack(arrays)
            for arrays in zip(
                *(
                    draw_street(domain, 'train', i, settings)
                    for i in range(number)
                )
            )
        ]
        for domain, number in dict(source=24, target=24, second=8).items()
    }


def share(labels, name):
    return 100 * (labels == CLASSES.index(name)).mean()


def contents(folder):
    return {f: f.read_bytes() for f in folder.rglob('*') if f.is_file()}


# -- one image ---------------------------------------------------------------
def test_image_and_label():
    image, label = draw_street('source', 'train', 0, SMALL)
    assert image.shape == (64, 128, 3) and image.dtype == np.uint8
    assert label.shape == (64, 128) and label.dtype == np.uint8
    assert label.max() < 19


def test_image_depends_on_seed_domain_split_and_index_alone():
    args = ('target', 'train', 5)
    image, label = draw_street(*args, SMALL)
    # neither on other draws nor on how many images there are
    np.random.default_rng(1).random()
    other = replace(SMALL, num_source=50, num_target=9, num_val=20)
    again, label_again = draw_street(*args, other)
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(label, label_again)
    for changed in (
        draw_street(*args, replace(SMALL, seed=1)),
        draw_street('source', 'train', 5, SMALL),
        draw_street('target', 'val', 5, SMALL),
        draw_street('target', 'train', 13, SMALL),
    ):
        assert (changed[1] != label).any()


def test_each_class_has_pixels_in_every_period():
    for domain, split in (('source', 'train'), ('target', 'val')):
        labels = [
            draw_street(domain, split, i, SMALL)[1]
            for i in range(16, 16 + generate.PERIOD)
        ]
        assert set(np.unique(labels)) == set(range(19))


def test_second_source_lacks_what_synthia_lacks(domains):
    labels = domains['second'][1]
    shown = {CLASSES[c] for c in np.unique(labels)}
    assert shown == set(CLASSES) - set(ABSENT)
    # in every period, as the others
    shown = {
        CLASSES[c]
        for i in range(8, 8 + generate.PERIOD)
        for c in np.unique(draw_street('second', 'train', i, SMALL)[1])
    }
    assert shown == set(CLASSES) - set(ABSENT)


def test_what_cannot_be_shown_is_an_error(monkeypatch):
    monkeypatch.setattr(generate, '_SHARE', 2.0)
    monkeypatch.setattr(generate, '_ATTEMPTS', 2)
    with pytest.raises(RuntimeError, match='source train image 0: no scene'):
        draw_street('source', 'train', 0, SMALL)


# -- the domains -------------------------------------------------------------
def test_head_classes_have_a_third_and_tail_classes_half_a_percent(
    domains,
):
    for _, labels in domains.values():
        assert 25 < share(labels, 'road') < 45
    source = domains['source'][1]
    tail = [name for name in CLASSES if 0 < share(source, name) < 0.5]
    assert {'rider', 'bicycle', 'traffic light'} <= set(tail)
    assert share(source, 'rider') < 0.25


def test_domains_differ_in_class_frequencies(domains):
    source, target = domains['source'][1], domains['target'][1]
    for name in ('vegetation', 'person', 'traffic sign'):
        assert share(target, name) > 1.3 * share(source, name)
    assert share(source, 'sky') > 1.3 * share(target, 'sky')


def test_domains_differ_in_palette_noise_and_blur(domains):
    def saturation(images):
        return (images.max(axis=-1) - images.min(axis=-1)).mean()

    def noise(images):
        # most pixels lie on even surfaces, where only noise changes
        grey = images.mean(axis=-1)
        return np.median(np.abs(np.diff(grey, axis=2)))

    def edges(images):
        grey = images.mean(axis=-1)
        return np.quantile(np.abs(np.diff(grey, axis=2)), 0.99)

    source, target = domains['source'][0], domains['target'][0]
    second = domains['second'][0]
    assert saturation(source) > 1.5 * saturation(target)
    assert saturation(source) > 1.3 * saturation(second)
    assert noise(target) > 3 * noise(second)
    # bluish, where the target is greenish
    assert second.mean((0, 1, 2)).argmax() == 2
    assert target.mean((0, 1, 2)).argmax() == 1
    assert noise(target) > 1.5 * noise(source)
    assert edges(source) > 1.2 * edges(target)


def test_colours_tell_classes_apart(domains):
    # a street in which sky and road look alike would teach nothing
    for images, labels in domains.values():
        means = {
            name: images[labels == CLASSES.index(name)].mean(axis=0)
            for name in ('road', 'sky', 'vegetation')
        }
        assert np.abs(means['sky'] - means['road']).max() > 60
        green = means['vegetation']
        assert green[1] > green[0] and green[1] > green[2]


# -- on disk -----------------------------------------------------------------
def test_layouts(generated):
    folder, counts = generated
    source, target = folder / 'toy_gta', folder / 'toy_cityscapes'
    assert (source / 'images/00001.png').is_file()
    assert (source / 'images/00008.png').is_file()
    assert len(list((source / 'labels').glob('*_labelTrainIds.png'))) == 8
    for split, number in (('train', 3), ('val', 8)):
        for i in range(number):
            name = f'{split}/toy/toy_{i:06d}_000019'
            image = target / f'leftImg8bit/{name}_leftImg8bit.png'
            label = target / f'gtFine/{name}_gtFine_labelTrainIds.png'
            assert Image.open(image).size == (128, 64)
            assert Image.open(label).mode == 'L'
    assert {k: len(v) for k, v in counts.items()} == {
        'source train': 8, 'second train': 4, 'target train': 3,
        'target val': 8,
    }  # fmt: skip


def test_second_source_lies_as_synthia_does(generated, tmp_path):
    folder, counts = generated
    root = folder / 'toy_synthia'
    image, label = draw_street('second', 'train', 3, SMALL)
    saved = np.asarray(Image.open(root / 'RGB/0000004.png'))
    np.testing.assert_array_equal(saved, image)
    file = 'GT/LABELS/0000004_labelTrainIds.png'
    np.testing.assert_array_equal(np.asarray(Image.open(root / file)), label)
    files, stats = load_class_counts(root)
    assert files[3] == file and len(files) == 4
    np.testing.assert_array_equal(stats, counts['second train'])


def test_second_source_is_added_to_streets_that_are_there(generated, tmp_path):
    folder = tmp_path / 'streets'
    shutil.copytree(generated[0], folder)
    shutil.rmtree(folder / 'toy_synthia')
    before = contents(folder)
    counts = generate_toy_streets(folder, replace(SMALL, num_second=0))
    assert list(counts) == ['source train', 'target train', 'target val']
    assert contents(folder) == before
    generate_toy_streets(folder, SMALL)
    assert {f.relative_to(folder): d for f, d in contents(folder).items()} == {
        f.relative_to(generated[0]): d
        for f, d in contents(generated[0]).items()
    }


def test_files_hold_what_is_drawn(generated):
    folder, _ = generated
    image, label = draw_street('source', 'train', 4, SMALL)
    root = folder / 'toy_gta'
    saved = np.asarray(Image.open(root / 'images/00005.png'))
    np.testing.assert_array_equal(saved, image)
    saved = np.asarray(Image.open(root / 'labels/00005_labelTrainIds.png'))
    np.testing.assert_array_equal(saved, label)


def test_source_statistics_and_all_classes(generated):
    folder, counts = generated
    files, stats = load_class_counts(folder / 'toy_gta')
    assert files[0] == 'labels/00001_labelTrainIds.png'
    np.testing.assert_array_equal(stats, counts['source train'])
    for file, row in zip(files, stats):
        label = np.asarray(Image.open(folder / 'toy_gta' / file))
        assert row.tolist() == [(label == c).sum() for c in range(19)]
    assert counts['source train'].sum(axis=0).all()
    assert counts['target val'].sum(axis=0).all()


def test_interrupted_run_continues_to_the_same_files(
    generated, tmp_path, monkeypatch
):
    write, written = generate.write_png, []

    def interrupt(path, image):
        # the last file written is a label whose image is then missing
        if len(written) == 7:
            raise KeyboardInterrupt
        write(path, image)
        written.append(path)

    monkeypatch.setattr(generate, 'write_png', interrupt)
    with pytest.raises(KeyboardInterrupt):
        generate_toy_streets(tmp_path, SMALL)
    finished = {path: path.stat().st_mtime_ns for path in written[:6]}
    monkeypatch.setattr(generate, 'write_png', write)
    generate_toy_streets(tmp_path, SMALL)
    assert {p: p.stat().st_mtime_ns for p in finished} == finished
    whole = {f.relative_to(generated[0]): data
             for f, data in contents(generated[0]).items()}  # fmt: skip
    assert {f.relative_to(tmp_path): data
            for f, data in contents(tmp_path).items()} == whole  # fmt: skip


@pytest.mark.parametrize(
    'change, found',
    [
        (dict(seed=3), 'seed 0'),
        (dict(num_val=9), 'num_val 8'),
        (dict(height=96), 'height 64'),
        (dict(num_second=5), 'num_second 4'),
    ],
)
def test_other_settings_are_not_mixed_in(generated, change, found):
    folder, _ = generated
    before = contents(folder)
    (value,) = change.values()
    with pytest.raises(ValueError, match=rf'{found} \(now {value}\)'):
        generate_toy_streets(folder, replace(SMALL, **change))
    assert contents(folder) == before


def test_foreign_folders_are_left_alone(tmp_path):
    foreign = tmp_path / 'toy_cityscapes' / 'mine.txt'
    foreign.parent.mkdir()
    foreign.write_text('mine')
    with pytest.raises(ValueError, match='toy_cityscapes holds files but no'):
        generate_toy_streets(tmp_path, SMALL)
    assert list(foreign.parent.iterdir()) == [foreign]
    assert not (tmp_path / 'toy_gta').exists()


@pytest.mark.parametrize(
    'name, value, least',
    [('num_source', 3, 4), ('num_target', 0, 1), ('num_val', 0, 4),
     ('num_second', 3, 4), ('num_second', -1, 4),
     ('height', 63, 64), ('width', 0, 64), ('seed', -1, 0)],
)  # fmt: skip
def test_settings_out_of_range(name, value, least):
    with pytest.raises(
        ValueError, match=f'{name}: expected at least {least}, found {value}'
    ):
        ToyStreets(**{name: value})


# -- the tool ----------------------------------------------------------------
def options(settings):
    return [
        f'--{name.replace("_", "-")}={value}'
        for name, value in vars(settings).items()
    ]


def test_tool_with_two_processes(generated, tmp_path):
    command = [sys.executable, str(TOOL), str(tmp_path), '--nproc', '2']
    done = subprocess.run(
        [*command, *options(SMALL)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert 'target val: 8 images' in done.stdout
    name = 'toy_gta/images/00008.png'
    assert (tmp_path / name).read_bytes() == (generated[0] / name).read_bytes()
    settings = {}
    for folder in ('toy_gta', 'toy_cityscapes', 'toy_synthia'):
        text = (tmp_path / folder / 'toy_streets.json').read_text()
        settings |= json.loads(text)
    assert settings.items() >= vars(SMALL).items()


def test_tool_ends_with_a_message(generated):
    main = runpy.run_path(str(TOOL))['main']
    with pytest.raises(SystemExit, match='was generated with seed 0'):
        main([str(generated[0]), *options(replace(SMALL, seed=9))])


def test_classes_are_cityscapes():
    assert CLASSES == CityscapesDataset.METAINFO['classes']
