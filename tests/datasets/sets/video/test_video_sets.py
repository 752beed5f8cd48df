"""VIPER, Cityscapes-Seq and BDDVid, from tiny files in their layouts."""

from pathlib import Path

import numpy as np
import pytest
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_balance.datasets.sets.video.shared_classes import SHARED_CLASSES
from mmseg_balance.inference.predictor.label_ids import stored_values

NAMES = CityscapesDataset.METAINFO['classes']
LOAD = [dict(type='LoadImageFromFile'), dict(type='mmseg.LoadAnnotations')]
SEVENTEEN = ('aachen/aachen_000000_000019', 'hanover/hanover_000000_004646')


def save(path: Path, values=None, size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    if values is None:
        Image.new('RGB', size).save(path)
    else:
        Image.fromarray(np.asarray(values, dtype=np.uint8)).save(path)


def build(kind, root, **kwargs):
    kwargs.setdefault('data_prefix', dict(img_path='img'))
    return DATASETS.build(dict(type=kind, data_root=str(root), **kwargs))


def names(dataset, key='img_path'):
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return [Path(i[key]).name if i[key] else None for i in infos]


@pytest.fixture
def viper(tmp_path):
    for sequence in ('001', '002'):
        for number in (0, 9, 10, 11):
            stem = f'{sequence}/{sequence}_{number:05d}'
            save(tmp_path / f'img/{stem}.jpg')
    return tmp_path


@pytest.fixture
def cityscapes(tmp_path):
    """Two snippets, whose labelled frames have other numbers."""
    root = tmp_path
    for name in SEVENTEEN:
        before = f'{name[:-6]}{int(name[-6:]) - 1:06d}'
        for stem in (before, name):
            save(root / f'leftImg8bit_sequence/val/{stem}_leftImg8bit.png')
        save(root / f'leftImg8bit/val/{name}_leftImg8bit.png')
        label = np.arange(24).reshape(4, 6)
        label[label > 18] = 255
        save(root / f'gtFine/val/{name}_gtFine_labelTrainIds.png', label)
    return root


# -- which images, and what is before them -----------------------------------
def test_images_of_viper_are_the_frames_that_end_in_0(viper):
    dataset = build('VIPERDataset', viper)
    found = ['001_00000.jpg', '001_00010.jpg', '002_00000.jpg']
    assert names(dataset)[:3] == found and len(dataset) == 4
    info = dataset.get_data_info(1)
    assert (info['sequence'], info['frame']) == ('001/001', 10)
    assert info['prev_img_path'] is info['flow_path'] is None
    assert len(build('VIPERDataset', viper, every=1)) == 8


def test_the_first_frame_has_none_before_it(viper):
    dataset = build('VIPERDataset', viper, previous=1)
    assert names(dataset) == ['001_00010.jpg', '002_00010.jpg']
    before = names(dataset, 'prev_img_path')
    assert before == ['001_00009.jpg', '002_00009.jpg']
    tested = build('VIPERDataset', viper, previous=1, test_mode=True)
    assert names(tested, 'prev_img_path')[:2] == [None, '001_00009.jpg']


def test_a_gap_is_an_error(viper):
    (viper / 'img/002/002_00009.jpg').unlink()
    with pytest.raises(ValueError) as error:
        build('VIPERDataset', viper, previous=1)
    text = str(error.value)
    assert '1 images have no frame before them' in text
    assert '002_00010.jpg (frame 10) there is no frame 9' in text
    assert 'the next earlier one is 0' in text and 'previous=None' in text


def test_a_sequence_of_one_frame_is_an_error(cityscapes):
    prefix = dict(img_path='leftImg8bit/val')
    with pytest.raises(ValueError, match='only frame of its sequence') as e:
        build(
            'CityscapesSeqDataset', cityscapes, previous=1, data_prefix=prefix
        )
    assert 'data_prefix.prev_img_path' in str(e.value)
    prefix['prev_img_path'] = 'leftImg8bit_sequence/val'
    dataset = build(
        'CityscapesSeqDataset', cityscapes, previous=1, data_prefix=prefix
    )
    assert names(dataset, 'prev_img_path') == [
        'aachen_000000_000018_leftImg8bit.png',
        'hanover_000000_004645_leftImg8bit.png',
    ]


def test_the_labelled_frame_of_a_snippet_is_found_by_its_label(cityscapes):
    prefix = dict(
        img_path='leftImg8bit_sequence/val', seg_map_path='gtFine/val'
    )
    dataset = build(
        'CityscapesSeqDataset',
        cityscapes,
        data_prefix=prefix,
        previous=1,
        pipeline=LOAD,
    )
    frames = [dataset.get_data_info(i)['frame'] for i in range(2)]
    assert frames == [19, 4646] and len(dataset) == 2
    before = names(dataset, 'prev_img_path')
    assert before[1] == 'hanover_000000_004645_leftImg8bit.png'
    labels = cityscapes / f'gtFine/val/{SEVENTEEN[1]}_gtFine'
    labels.with_name(labels.name + '_labelTrainIds.png').unlink()
    with pytest.raises(ValueError, match='1 of 2 snippets have no label'):
        build('CityscapesSeqDataset', cityscapes, data_prefix=prefix)


def test_flow_of_every_frame_is_looked_for(viper):
    prefix = dict(img_path='img', flow_path='flow')
    save(viper / 'flow/001/001_00010.png')
    with pytest.raises(
        FileNotFoundError, match='1 of 2 images have no optical flow'
    ):
        build('VIPERDataset', viper, previous=1, data_prefix=prefix)
    save(viper / 'flow/002/002_00010.png')
    dataset = build('VIPERDataset', viper, previous=1, data_prefix=prefix)
    assert names(dataset, 'flow_path') == ['001_00010.png', '002_00010.png']


def test_frames_of_a_plain_folder(tmp_path):
    for number in (7959, 7961, 7963):
        save(tmp_path / f'img/0016E5_{number:05d}.png')
    kwargs = dict(img_suffix='.png', metainfo=dict(classes=('a', 'b')))
    dataset = build('FrameFolderDataset', tmp_path, previous=2, **kwargs)
    assert names(dataset, 'prev_img_path') == [
        '0016E5_07959.png',
        '0016E5_07961.png',
    ]
    save(tmp_path / 'img/poster.png')
    with pytest.raises(ValueError, match='poster.png: no number of a frame'):
        build('FrameFolderDataset', tmp_path, **kwargs)


def test_sequences_begin_with_as_many_frames_as_the_step(tmp_path):
    for number in range(5, 10):
        save(tmp_path / f'img/a_{number}.png')
    kwargs = dict(img_suffix='.png', metainfo=dict(classes=('a', 'b')))
    dataset = build('FrameFolderDataset', tmp_path, previous=3, **kwargs)
    assert names(dataset) == ['a_8.png', 'a_9.png']
    assert names(dataset, 'prev_img_path') == ['a_5.png', 'a_6.png']
    kwargs |= dict(previous=5)
    with pytest.raises(ValueError, match='all 5 images are the first of.* 5 '):
        build('FrameFolderDataset', tmp_path, **kwargs)
    assert len(build('FrameFolderDataset', tmp_path, test_mode=True, **kwargs))


@pytest.mark.parametrize('previous', [0, -1, True, 1.5])
def test_previous_is_a_step(viper, previous):
    with pytest.raises(ValueError, match='previous is'):
        build('VIPERDataset', viper, previous=previous)


@pytest.mark.parametrize('every', [0, 2.5, '10'])
def test_every_is_a_number_of_frames(viper, every):
    with pytest.raises(ValueError, match='every is .* at least 1'):
        build('VIPERDataset', viper, every=every)


# -- BDDVid ------------------------------------------------------------------
def test_bddvid_takes_frame_307_of_its_list(tmp_path):
    for name in ('00-a7', '01-b'):
        for number in (306, 307):
            save(tmp_path / f'train/images/{name}_{number}.jpg')
    (tmp_path / 'list.txt').write_text('01-b_307\n')
    prefix = dict(img_path='train/images', seg_map_path='train/labels')
    dataset = build('BDDVidDataset', tmp_path, data_prefix=prefix, previous=1)
    assert names(dataset) == ['00-a7_307.jpg', '01-b_307.jpg']
    assert names(dataset, 'prev_img_path')[0] == '00-a7_306.jpg'
    assert names(dataset, 'seg_map_path')[0] == '00-a7_307.png'
    listed = build(
        'BDDVidDataset', tmp_path, data_prefix=prefix, ann_file='list.txt'
    )
    assert names(listed) == ['01-b_307.jpg']


def test_images_that_lie_on_their_side_are_refused(tmp_path):
    save(tmp_path / 'img/00-a_307.jpg', size=(72, 128))
    with pytest.raises(ValueError, match='72 x 128 pixels, expected .* wider'):
        build('BDDVidDataset', tmp_path)


def test_frames_beside_the_annotated_one_alone_are_refused(tmp_path):
    save(tmp_path / 'img/00-a_306.jpg')
    with pytest.raises(
        ValueError, match='none of 1 frames.*expected frame 30'
    ):
        build('BDDVidDataset', tmp_path)


# -- classes -----------------------------------------------------------------
@pytest.mark.parametrize('riders', ['ignore', 'person'])
def test_fifteen_classes_and_riders(cityscapes, riders):
    prefix = dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val')
    dataset = build(
        'CityscapesSeqDataset',
        cityscapes,
        data_prefix=prefix,
        pipeline=LOAD,
        riders=riders,
    )
    assert dataset.metainfo['classes'] == SHARED_CLASSES
    assert dataset.metainfo['riders'] == riders
    label = dataset[0]['gt_seg_map'].ravel()
    for train_id, name in enumerate(NAMES):
        name = 'person' if (name, riders) == ('rider', 'person') else name
        wanted = SHARED_CLASSES.index(name) if name in SHARED_CLASSES else 255
        assert label[train_id] == wanted, name
    colours = CityscapesDataset.METAINFO['palette']
    assert dataset.metainfo['palette'] == [
        colours[NAMES.index(name)] for name in SHARED_CLASSES
    ]
    # what is predicted as a person is written as one, not as a rider
    values = stored_values(dataset, 15)
    assert [NAMES[i] for i in values] == list(SHARED_CLASSES)


def test_riders_that_are_a_class_stay_one(cityscapes):
    prefix = dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val')
    kwargs = dict(data_prefix=prefix, metainfo=dict(classes=NAMES))
    dataset = build(
        'CityscapesSeqDataset', cityscapes, pipeline=LOAD, **kwargs
    )
    assert dataset[0]['gt_seg_map'].ravel()[:19].tolist() == list(range(19))
    with pytest.raises(ValueError, match="without 'rider'"):
        build('CityscapesSeqDataset', cityscapes, riders='person', **kwargs)
    with pytest.raises(ValueError, match="riders is 'car'"):
        build('CityscapesSeqDataset', cityscapes, riders='car')
