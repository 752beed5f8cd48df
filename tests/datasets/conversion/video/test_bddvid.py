"""BDDVid from tiny clips, and the lists of Cityscapes-Seq."""

import runpy

import cv2
import numpy as np
import pytest
from helpers.paths import ROOT
from PIL import Image

from mmseg_balance.datasets.conversion.video import bddvid
from mmseg_balance.datasets.conversion.video.bddvid import (
    Originals,
    convert_bddvid,
)
from mmseg_balance.datasets.conversion.video.clip_frames import read_frames

TOOLS = ROOT / 'tools/dataset_converters'
FRAMES = range(3, 8)


def save_clip(path, size=(64, 36), num=9):
    """Frames that are as bright as their number says, left half darker."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter_fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), code, 30, size)
    for number in range(num):
        frame = np.full((size[1], size[0], 3), 20 * number + 30, np.uint8)
        frame[:, : size[0] // 2] //= 4
        writer.write(frame)
    writer.release()


@pytest.fixture
def originals(tmp_path, monkeypatch):
    # decoding 312 frames of each clip would test no more
    monkeypatch.setattr(bddvid, 'FRAMES', FRAMES)
    monkeypatch.setattr(bddvid, 'ANNOTATED', 5)
    root = tmp_path / 'bdd'
    for split, name in (('train', '00-a'), ('val', '01-b')):
        save_clip(root / f'clips/{name}.avi')
        clip_frame = read_frames(root / f'clips/{name}.avi', [5])[0]
        for part in ('images', 'labels', 'lists'):
            (root / part).mkdir(exist_ok=True)
        cv2.imwrite(str(root / f'images/{name}.jpg'), clip_frame)
        label = np.full((36, 64), 13, np.uint8)
        label[0] = 255
        Image.fromarray(label).save(root / f'labels/{name}.png')
        (root / f'lists/valid_imgs_{split}.txt').write_text(f'{name}_5\n')
    parts = ('clips', 'images', 'labels', 'lists')
    return Originals(*(root / part for part in parts))


def test_frames_labels_and_annotated_images(originals, tmp_path):
    out = tmp_path / 'out'
    names = convert_bddvid(originals, out)
    assert names == dict(train=['00-a'], val=['01-b'], unlike=[])
    for number in FRAMES:
        frame = cv2.imread(str(out / f'train/images/00-a_{number}.jpg'))
        assert frame.shape == (36, 64, 3)
        # numbers count from 0
        assert abs(frame[:, 40:].mean() - (20 * number + 30)) < 4
    annotated = out / 'val_orig_10k/images/01-b_5.jpg'
    original = originals.images / '01-b.jpg'
    assert annotated.read_bytes() == original.read_bytes()
    for folder in ('val', 'val_orig_10k'):
        label = np.asarray(Image.open(out / f'{folder}/labels/01-b_5.png'))
        assert (label[1:] == 13).all() and (label[0] == 255).all()
    assert (out / 'valid_imgs_val.txt').read_text() == '01-b_5\n'


def test_finished_clips_are_not_decoded_again(
    originals, tmp_path, monkeypatch
):
    out = tmp_path / 'out'
    convert_bddvid(originals, out)
    read = []
    monkeypatch.setattr(
        bddvid, 'read_frames', lambda *a: read.append(a) or read_frames(*a)
    )
    lost = out / 'train/images/00-a_6.jpg'
    before = lost.read_bytes()
    lost.unlink()
    convert_bddvid(originals, out)
    assert [args[0].name for args in read] == ['00-a.avi']
    assert lost.read_bytes() == before


def test_a_turned_clip_is_refused_and_can_be_righted(originals, tmp_path):
    clip = originals.clips / '00-a.avi'
    save_clip(clip, size=(36, 64))
    with pytest.raises(ValueError, match='36 x 64 pixels, .*--turn left'):
        convert_bddvid(originals, tmp_path / 'out')
    left, right = (
        read_frames(clip, [5], turn)[0] for turn in ('left', 'right')
    )
    assert left.shape == (36, 64, 3)
    # the dark half was at the left: turned to the left it is below
    assert left[-1].mean() < left[0].mean()
    assert right[-1].mean() > right[0].mean()


def test_clips_that_cannot_be_decoded(originals, tmp_path):
    (originals.clips / '00-a.avi').write_bytes(b'no clip')
    save_clip(originals.clips / '01-b.avi', num=6)
    with pytest.raises(ValueError) as error:
        convert_bddvid(originals, tmp_path / 'out')
    text = str(error.value)
    assert '2 of 2 files failed' in text
    assert '00-a.avi: the clip cannot be opened' in text
    assert '01-b.avi: the clip ends after 6 frames' in text


def test_missing_files_and_other_labels_are_named(originals, tmp_path):
    with pytest.raises(ValueError, match='00-a.png.*masks of train ids'):
        label = np.full((36, 64), 40, np.uint8)
        Image.fromarray(label).save(originals.labels / '00-a.png')
        convert_bddvid(originals, tmp_path / 'out')
    (originals.clips / '01-b.avi').unlink()
    with pytest.raises(FileNotFoundError, match=r'01-b \(val: no clip\)'):
        convert_bddvid(originals, tmp_path / 'out')


def test_an_image_is_in_one_list(originals, tmp_path):
    listed = originals.lists / 'valid_imgs_train.txt'
    listed.write_text('00-a_5\n00-a_5\n')
    assert convert_bddvid(originals, tmp_path / 'a')['train'] == ['00-a']
    listed.write_text('00-a_5\n01-b_5\n')
    with pytest.raises(ValueError, match='1 images are in .* train and val'):
        convert_bddvid(originals, tmp_path / 'out')


def test_a_frame_unlike_the_annotated_image_is_told(originals, tmp_path):
    image = cv2.imread(str(originals.images / '00-a.jpg'))
    cv2.imwrite(str(originals.images / '00-a.jpg'), image[:, ::-1])
    out = tmp_path / 'out'
    names = convert_bddvid(originals, out)
    assert names['unlike'] == ['00-a']
    assert 'looks unlike the annotated image (00-a)' in bddvid.describe(
        names, out
    )


def test_lists_of_the_labelled_frames_of_cityscapes(tmp_path, capsys):
    for split, name in (
        ('train', 'aachen/aachen_000000_000019'),
        ('val', 'hanover/hanover_000000_004646'),
    ):
        label = tmp_path / f'gtFine/{split}/{name}_gtFine_labelIds.png'
        label.parent.mkdir(parents=True)
        Image.fromarray(np.full((4, 6), 26, np.uint8)).save(label)
    frames = tmp_path / 'leftImg8bit_sequence/val/hanover'
    frames.mkdir(parents=True)
    main = runpy.run_path(str(TOOLS / 'cityscapes_seq.py'))['main']
    main([str(tmp_path), '--nproc', '1'])
    listed = (tmp_path / 'labelled_frames_val.txt').read_text()
    assert listed == 'hanover/hanover_000000_004646\n'
    out = capsys.readouterr().out
    assert 'train: 1 labelled frames, 1 of them number 000019' in out
    assert 'val: 1 labelled frames, 0 of them number 000019' in out
    assert 'hanover_000000_004645_leftImg8bit.png for one' in out
