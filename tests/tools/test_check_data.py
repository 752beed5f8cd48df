"""A check of whole data sets, through the tool."""

import json
import shutil

import cv2
import numpy as np
import pytest

from mmseg_balance.datasets.checks import survey

KEYS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture
def data(street_data, tmp_path):
    """A copy of the data, to be spoilt."""
    return shutil.copytree(street_data, tmp_path / 'streets')


@pytest.fixture
def check(data, tiny_config, run_tool, tmp_path, capsys):
    """Run the tool; its exit status and what it printed."""
    roots = {f'{key}.dataset.data_root': str(data) for key in KEYS}
    # serialising collects garbage for half a second
    roots |= {f'{key}.dataset.serialize_data': False for key in KEYS}
    config = tiny_config(**roots)

    def run(*args):
        status = 0
        capsys.readouterr()
        try:
            run_tool(
                *('check_data.py', config, '--work-dir', tmp_path / 'out'),
                *('--nproc', 1, *args),
            )
        except SystemExit as error:
            status = error.code
        return status, capsys.readouterr().out

    return run


def test_sound_data(check, data, tmp_path):
    status, text = check()
    assert status == 0
    assert 'nothing would stop a training' in text
    assert (
        'train_dataloader.dataset: 6 images; width x height: 48 x 40 (6)'
    ) in text
    assert 'val_dataloader.dataset, test_dataloader.dataset: 5 images' in text
    # the first 2 of 40 rows are ignored
    assert '5.00 % of the pixels are ignored' in text
    labels = [
        cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        for file in (data / 'ann/train').iterdir()
    ]
    car = 100 * np.mean([(x == 2).sum() / (x != 255).sum() for x in labels])
    assert f'car   {car:9.3f}  {6:6d}' in text
    assert text.rstrip().endswith(f'report: {tmp_path}/out/report.txt')
    report = (tmp_path / 'out/report.txt').read_text()
    assert report.strip() in text


def test_everything_that_a_training_would_stop_at(check, data):
    train = data / 'img/train'
    (train / '1.png').write_bytes(b'no image')
    cv2.imwrite(str(data / 'ann/train/2.png'), np.full((40, 48), 7, np.uint8))
    cv2.imwrite(str(data / 'ann/train/3.png'), np.zeros((38, 48), np.uint8))
    (data / 'ann/train/4.png').write_bytes(b'')
    wide = np.full((40, 48), 300, np.uint16)
    cv2.imwrite(str(data / 'ann/val/0.png'), wide)
    (data / 'ann/val/4.png').unlink()
    # files are told by what is in them
    image = cv2.imread(str(train / '5.png'))
    cut = cv2.imencode('.jpg', image)[1][:-30]
    (train / '5.png').write_bytes(cut.tobytes())
    # OpenCV 4 makes up the rest
    is_refused = cv2.imdecode(cut, cv2.IMREAD_COLOR) is None
    status, text = check('--nproc', 2)
    assert status == 1
    for line in (
        f'STOPS: train_dataloader.dataset image {train}/1.png cannot be read',
        '2.png has the value 7 in 1920 pixels, expected 0 .. 2',
        '3.png has 48 x 38 pixels, and its image',
        'STOPS: train_dataloader.dataset label '
        f'{data}/ann/train/4.png cannot be read',
        '0.png has the value 300 (uint16 in the file), expected 0 .. 255',
        '1 of 5 images have no label',
        f'{7 + is_refused} things would stop a training or its evaluation',
        f'1 images have lost their end ({train}/5.png)',
    ):
        assert line in text


def test_what_may_not_be_meant_so(check, data):
    train, val = data / 'img/train', data / 'img/val'
    shutil.copy(train / '0.png', val / '9.png')
    shutil.copy(data / 'ann/train/0.png', data / 'ann/val/9.png')
    shutil.copy(train / '0.png', train / '5.png')
    shutil.copy(train / '4.png', train / '6.JPG')
    for file in (data / 'ann/val').iterdir():
        cv2.imwrite(str(file), np.zeros((40, 48), np.uint8))
    cv2.imwrite(str(data / 'ann/val/1.png'), np.full((40, 48), 255, np.uint8))
    status, text = check()
    assert status == 0, text
    names = 'val_dataloader.dataset, test_dataloader.dataset'
    for line in (
        f'1 images are there several times, as the same bytes: {train}/0.png '
        f'= {train}/5.png',
        "1 end with '.JPG' (6.JPG)",
        'note: no pixel of road, car',
        f'note: 1 labels have no pixel of a class: {val}/1.png',
        f'1 images of {names} are in train_dataloader.dataset as well, byte '
        f'by byte: {train}/0.png = {val}/9.png',
        f'5 images of {names} have the name of another one in train_dataloader'
        f'.dataset: {train}/0.png, {val}/0.png',
    ):
        assert line in text


def test_labels_of_a_single_class(check, data):
    """A training stops at them; each file for itself is right."""
    for file in (data / 'ann/train').iterdir():
        label = np.zeros((40, 48), np.uint8)
        label[10:20] = 255
        cv2.imwrite(str(file), label)
    status, text = check()
    assert status == 1
    assert (
        'STOPS: train_dataloader.dataset: 2 of 3 classes have no labelled '
        'pixel in all labels: road, car'
    ) in text
    assert '255 is ignored (ignore_index). Where it is a class, map' in text


def test_a_check_that_was_killed_goes_on(check, data, monkeypatch, tmp_path):
    read = []
    examine = survey._examine

    def counted(part, index, settings):
        read.append(part.dataset.get_data_info(index)['img_path'])
        return examine(part, index, settings)

    monkeypatch.setattr(survey, '_examine', counted)
    monkeypatch.setattr(survey, 'FLUSH_SECONDS', 0)
    first = check()
    assert len(read) == 11
    state = tmp_path / 'out/files.jsonl'
    lines = [line for line in state.read_text().splitlines() if line]
    assert len(lines) == 11
    # killed in the middle of the eighth file
    state.write_text('\n'.join(lines[:7]) + '\n' + lines[7][:100])
    read.clear()
    assert check() == first
    assert len(read) == 4
    read.clear()
    assert check() == first
    assert read == []
    # files that change are read again, and those that were removed forgotten
    image = cv2.imread(str(data / 'img/val/1.png'))
    cv2.imwrite(str(data / 'img/val/1.png'), image[:, ::-1])
    (data / 'img/train/0.png').unlink()
    status, text = check()
    assert read == [str(data / 'img/val/1.png')]
    assert '5 images; width x height: 48 x 40 (5)' in text
    # and all of them where other labels are allowed
    read.clear()
    changed = {f'{key}.dataset.ignore_index=254' for key in KEYS}
    status, text = check('--cfg-options', *changed)
    assert len(read) == 10
    assert status == 1
    assert json.loads(state.read_text().splitlines()[-1])['error']


def test_folders_that_are_missing_are_all_listed(check, data):
    shutil.rmtree(data / 'img/train')
    shutil.rmtree(data / 'ann/val')
    status, text = check()
    assert status == 1
    assert f'img_path: the folder {data}/img/train does not exist' in text
    assert f'seg_map_path: the folder {data}/ann/val does not exist' in text
    assert '2 things would stop' in text


def test_config_without_data(run_tool, tmp_path):
    config = tmp_path / 'empty.py'
    config.write_text('model = dict()\n')
    with pytest.raises(SystemExit, match='error: .*empty.py has no data set'):
        run_tool('check_data.py', config, '--work-dir', tmp_path)
    with pytest.raises(SystemExit, match='error: no config file'):
        run_tool('check_data.py', tmp_path / 'x.py', '--work-dir', tmp_path)
