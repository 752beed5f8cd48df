"""Converters on tiny made-up originals."""

import json
import runpy
import subprocess
import sys

import cv2
import numpy as np
import pytest
from helpers.paths import ROOT
from helpers.png_files import grey_alpha_png
from mmseg.datasets import CityscapesDataset
from PIL import Image

from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.conversion import label_conversion as conversion

TOOLS = ROOT / 'tools/dataset_converters'
CLASSES = CityscapesDataset.METAINFO['classes']

# names of the ids as the data sets' own documents give them
CITYSCAPES_NAMES = {
    7: 'road', 8: 'sidewalk', 11: 'building', 12: 'wall', 13: 'fence',
    17: 'pole', 19: 'traffic light', 20: 'traffic sign', 21: 'vegetation',
    22: 'terrain', 23: 'sky', 24: 'person', 25: 'rider', 26: 'car',
    27: 'truck', 28: 'bus', 31: 'train', 32: 'motorcycle', 33: 'bicycle',
}  # fmt: skip
SYNTHIA_NAMES = {
    1: 'sky', 2: 'building', 3: 'road', 4: 'sidewalk', 5: 'fence',
    6: 'vegetation', 7: 'pole', 8: 'car', 9: 'traffic sign', 10: 'person',
    11: 'bicycle', 12: 'motorcycle', 15: 'traffic light', 16: 'terrain',
    17: 'rider', 18: 'truck', 19: 'bus', 20: 'train', 21: 'wall',
}  # fmt: skip


def expected(ids, names):
    train_ids = [
        CLASSES.index(names[i]) if i in names else 255 for i in ids.ravel()
    ]
    return np.array(train_ids).reshape(ids.shape)


def run(name, *args, nproc=1):
    main = runpy.run_path(str(TOOLS / f'{name}.py'))['main']
    main([str(a) for a in (*args, '--nproc', nproc)])


def read(path):
    return np.asarray(Image.open(path))


def save_gta(path, ids):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(ids.astype(np.uint8), mode='P')
    image.putpalette(np.random.default_rng(0).bytes(768))
    image.save(path)


def save_synthia(path, ids, channels):
    """16-bit PNG with the ids first and the instances second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    instances = np.arange(ids.size).reshape(ids.shape) + 300
    if channels == 3:
        bgr = np.stack([0 * ids, instances, ids], axis=2)
        cv2.imwrite(str(path), bgr.astype(np.uint16))
    else:
        path.write_bytes(grey_alpha_png(np.stack([ids, instances], axis=2)))


@pytest.fixture
def gta(tmp_path):
    """Four label files with all of GTA's ids."""
    root = tmp_path / 'gta'
    rng = np.random.default_rng(0)
    ids = [rng.integers(0, 35, (6, 9)) for _ in range(4)]
    ids[0].ravel()[:35] = np.arange(35)
    for i, image in enumerate(ids):
        save_gta(root / f'labels/{i:05d}.png', image)
    return root, ids


def converted(root, i):
    return root / f'labels/{i:05d}_labelTrainIds.png'


# -- GTA ---------------------------------------------------------------------
def test_gta_ids_become_train_ids(gta, capsys):
    root, ids = gta
    run('gta', root)
    files, counts = load_class_counts(root)
    assert files == [f'labels/{i:05d}_labelTrainIds.png' for i in range(4)]
    for i, image in enumerate(ids):
        label = read(converted(root, i))
        assert label.dtype == np.uint8
        np.testing.assert_array_equal(label, expected(image, CITYSCAPES_NAMES))
        assert counts[i].tolist() == [(label == c).sum() for c in range(19)]
    assert 'motorcycle' in capsys.readouterr().out


def test_originals_stay_as_they_are(gta):
    root, _ = gta
    before = {f: f.read_bytes() for f in root.rglob('*.png')}
    run('gta', root)
    run('gta', root)
    assert {f: f.read_bytes() for f in before} == before


def test_out_dir_leaves_the_data_set_untouched(gta, tmp_path):
    root, ids = gta
    before = sorted(root.rglob('*'))
    out = tmp_path / 'out'
    run('gta', root, '--out-dir', out)
    assert sorted(root.rglob('*')) == before
    files, _ = load_class_counts(out)
    np.testing.assert_array_equal(
        read(out / files[2]), expected(ids[2], CITYSCAPES_NAMES)
    )


@pytest.mark.parametrize('nth', [0, 2])
def test_interrupted_run_continues(gta, monkeypatch, nth):
    root, _ = gta
    write, written = conversion.write_png, []

    def interrupt(path, image):
        if len(written) == nth:
            raise KeyboardInterrupt
        write(path, image)
        written.append(path)

    monkeypatch.setattr(conversion, 'write_png', interrupt)
    with pytest.raises(SystemExit, match='interrupted'):
        run('gta', root)
    assert len(written) == nth
    assert not (root / 'sample_class_stats.json').exists()

    def record(path, image):
        write(path, image)
        again.append(path)

    again = []
    monkeypatch.setattr(conversion, 'write_png', record)
    run('gta', root)
    assert sorted(written + again) == [converted(root, i) for i in range(4)]
    assert not set(written) & set(again)
    _, resumed = load_class_counts(root)
    assert resumed.sum(axis=0).all()
    # the statistics are those of a run that was not interrupted
    for file in root.rglob('*_labelTrainIds.png'):
        file.unlink()
    run('gta', root)
    np.testing.assert_array_equal(load_class_counts(root)[1], resumed)


def test_half_a_file_is_converted_anew(gta):
    root, ids = gta
    run('gta', root)
    file = converted(root, 1)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    run('gta', root)
    np.testing.assert_array_equal(
        read(file), expected(ids[1], CITYSCAPES_NAMES)
    )


@pytest.mark.parametrize(
    'label, message',
    [
        (np.full((6, 9), 40, np.uint8), 'label value 40 found'),
        (np.zeros((3, 3), np.uint8), '3 x 3 pixels, expected 9 x 6'),
        (np.zeros((6, 9, 3), np.uint8), 'mode RGB'),
        (
            np.full((6, 9), 18, np.uint8),
            r'53 of 54 pixels are not those of .*00001.png; row 0, column',
        ),
    ],
)
def test_a_file_that_is_not_ours_is_kept_and_named(gta, label, message):
    root, _ = gta
    file = converted(root, 1)
    Image.fromarray(label).save(file)
    before = file.read_bytes()
    with pytest.raises(SystemExit, match=message) as error:
        run('gta', root)
    assert str(file) in str(error.value)
    assert 'delete it to have it converted anew' in str(error.value)
    assert file.read_bytes() == before


def test_bad_originals_are_named_and_the_others_converted(gta):
    root, ids = gta
    names = [root / f'labels/{i:05d}.png' for i in range(3)]
    names[0].write_bytes(names[0].read_bytes()[:-40])
    save_gta(names[1], np.where(ids[1] == 7, 77, ids[1]))
    Image.new('RGB', (9, 6), (1, 2, 3)).save(names[2])
    with pytest.raises(SystemExit) as error:
        run('gta', root)
    message = str(error.value)
    assert '3 of 4 files failed' in message
    assert f'{names[0]}: cannot be decoded' in message
    assert f'{names[1]}: label id 77 is not one' in message
    assert f'{names[2]}: the colour (1, 2, 3) is none' in message
    assert [f.name for f in root.rglob('*_labelTrainIds.png')] == [
        '00003_labelTrainIds.png'
    ]
    assert not list(root.glob('*.json'))


def test_no_temporary_files_stay(gta, monkeypatch):
    root, _ = gta

    def fail(*args):
        raise OSError('No space left on device')

    monkeypatch.setattr('os.replace', fail)
    with pytest.raises(SystemExit, match='No space left on device'):
        run('gta', root)
    assert not [f for f in root.rglob('*') if f.name.startswith('.')]


def test_empty_and_missing_folders_are_named(tmp_path):
    with pytest.raises(SystemExit, match='labels: no such folder'):
        run('gta', tmp_path)
    (tmp_path / 'labels').mkdir()
    with pytest.raises(SystemExit, match='no file that ends with ".png"'):
        run('gta', tmp_path)


# -- SYNTHIA -----------------------------------------------------------------
@pytest.mark.parametrize('channels', [2, 3])
def test_synthia_ids_come_from_the_first_channel(tmp_path, channels):
    ids = np.arange(24).reshape(4, 6) % 23
    save_synthia(tmp_path / 'GT/LABELS/0000000.png', ids, channels)
    run('synthia', tmp_path)
    label = read(tmp_path / 'GT/LABELS/0000000_labelTrainIds.png')
    np.testing.assert_array_equal(label, expected(ids, SYNTHIA_NAMES))
    files, counts = load_class_counts(tmp_path)
    assert files == ['GT/LABELS/0000000_labelTrainIds.png']
    assert counts[0].tolist() == [(label == c).sum() for c in range(19)]


def test_synthia_refuses_other_images(tmp_path):
    folder = tmp_path / 'GT/LABELS'
    good = np.full((4, 6), 3)
    for i in range(4):
        save_synthia(folder / f'{i}.png', good, 3)
    Image.new('RGB', (6, 4)).save(folder / '0.png')
    Image.new('L', (6, 4)).save(folder / '1.png')
    save_synthia(folder / '2.png', good + 20, 3)
    half = (folder / '3.png').read_bytes()
    (folder / '3.png').write_bytes(half[: len(half) // 2])
    with pytest.raises(SystemExit) as error:
        run('synthia', tmp_path)
    message = str(error.value)
    for i, reason in enumerate((
        'expected a 16-bit image', 'expected a 16-bit image',
        'label id 23 is not', 'cannot be decoded',
    )):  # fmt: skip
        assert f'{folder / f"{i}.png"}: {reason}' in message


# imports that only work after others cannot hide behind this process's own
@pytest.mark.parametrize('name', ['gta', 'cityscapes', 'class_stats'])
def test_tools_start_on_their_own(name):
    command = [sys.executable, str(TOOLS / f'{name}.py'), '--help']
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '--nproc' in done.stdout and '--out-dir' in done.stdout


def test_command_line_with_two_processes(tmp_path):
    ids = np.random.default_rng(0).integers(0, 23, (9, 4, 6))
    for i, image in enumerate(ids):
        save_synthia(tmp_path / f'GT/LABELS/{i:07d}.png', image, 2 + i % 2)
    command = [sys.executable, str(TOOLS / 'synthia.py'), str(tmp_path)]
    done = subprocess.run(
        [*command, '--nproc', '2'], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '9 files counted' in done.stdout
    assert 'convert GT/LABELS: 9/9 files' in done.stderr
    files, counts = load_class_counts(tmp_path)
    for file, row, image in zip(files, counts, ids):
        label = expected(image, SYNTHIA_NAMES)
        np.testing.assert_array_equal(read(tmp_path / file), label)
        assert row.tolist() == [(label == c).sum() for c in range(19)]


# -- Cityscapes --------------------------------------------------------------
def save_cityscapes(root, split, stem, ids):
    path = root / f'gtFine/{split}/ulm/ulm_{stem}_gtFine_labelIds.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids.astype(np.uint8)).save(path)
    return path


def test_cityscapes_converts_both_splits_and_counts_train(tmp_path):
    ids = np.arange(34).reshape(2, 17)
    train = save_cityscapes(tmp_path, 'train', '000000_000019', ids)
    val = save_cityscapes(tmp_path, 'val', '000001_000019', ids[:, ::-1])
    # other files of the archive
    Image.new('RGBA', (2, 2)).save(str(train).replace('labelIds', 'color'))
    run('cityscapes', tmp_path)
    for path in (train, val):
        label = read(str(path).replace('_labelIds', '_labelTrainIds'))
        np.testing.assert_array_equal(
            label, expected(read(path), CITYSCAPES_NAMES)
        )
    files, counts = load_class_counts(tmp_path)
    name = 'gtFine/train/ulm/ulm_000000_000019_gtFine_labelTrainIds.png'
    assert files == [name]
    assert counts.tolist() == [[1] * 19]
    by_class = json.loads((tmp_path / 'samples_with_class.json').read_text())
    assert by_class == {str(c): [[name, 1]] for c in range(19)}


def test_cityscapes_without_label_ids_says_what_to_unpack(tmp_path):
    save_cityscapes(tmp_path, 'train', 'a', np.zeros((2, 2)))
    with pytest.raises(SystemExit, match='gtFine_trainvaltest.zip') as error:
        run('cityscapes', tmp_path)
    assert str(tmp_path / 'gtFine/val') in str(error.value)


def test_cityscapes_refuses_ids_it_does_not_know(tmp_path):
    save_cityscapes(tmp_path, 'val', 'a', np.zeros((2, 2)))
    path = save_cityscapes(tmp_path, 'train', 'a', np.full((2, 2), 35))
    with pytest.raises(SystemExit) as error:
        run('cityscapes', tmp_path)
    assert f'{path}: label id 35 is not one' in str(error.value)
