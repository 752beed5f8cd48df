"""GTA, SYNTHIA and CamVid as registered data sets."""

import numpy as np
import pytest
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_balance.datasets.toy_streets import ToyStreets, generate_toy_streets

LOAD = [dict(type='LoadImageFromFile'), dict(type='mmseg.LoadAnnotations')]


def save(path, mode, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (6, 4), value).save(path)


def build(kind, root, img, seg=None, **kwargs):
    prefix = dict(img_path=img)
    if seg:
        prefix['seg_map_path'] = seg
    return DATASETS.build(
        dict(type=kind, data_root=str(root), data_prefix=prefix, **kwargs)
    )


@pytest.mark.parametrize(
    'kind, images, labels',
    [
        ('GTADataset', 'images', 'labels'),
        ('SYNTHIADataset', 'RGB', 'GT/LABELS'),
    ],
)
def test_source_sets_have_cityscapes_classes(tmp_path, kind, images, labels):
    for stem in ('00002', '00001'):
        save(tmp_path / images / f'{stem}.png', 'RGB')
        # the originals lie beside the train ids
        save(tmp_path / labels / f'{stem}.png', 'L', 7)
        save(tmp_path / labels / f'{stem}_labelTrainIds.png', 'L', 3)
    dataset = build(kind, tmp_path, images, labels, pipeline=LOAD)
    assert dataset.metainfo['classes'] == CityscapesDataset.METAINFO['classes']
    assert dataset.metainfo['palette'] == CityscapesDataset.METAINFO['palette']
    assert [dataset.get_data_info(i)['seg_map_path'] for i in range(2)] == [
        str(tmp_path / labels / f'{stem}_labelTrainIds.png')
        for stem in ('00001', '00002')
    ]
    assert (dataset[0]['gt_seg_map'] == 3).all()


def test_camvid_classes():
    dataset = DATASETS.build(dict(type='CamVidDataset', lazy_init=True))
    classes, palette = (dataset.metainfo[k] for k in ('classes', 'palette'))
    assert len(classes) == len(palette) == 11
    assert len({tuple(colour) for colour in palette}) == 11
    assert classes[3] == 'road' and palette[3] == [128, 64, 128]


def test_camvid_on_real_files(camvid):
    for domain, split, number in (
        ('day', 'train', 406), ('day', 'val', 171), ('dusk', 'val', 62)
    ):  # fmt: skip
        dataset = build(
            'CamVidDataset', camvid, f'{domain}/images/{split}',
            f'{domain}/labels/{split}', pipeline=LOAD,
        )  # fmt: skip
        assert len(dataset) == number
        sample = dataset[number // 2]
        assert sample['img'].shape == (360, 480, 3)
        assert sample['gt_seg_map'].shape == (360, 480)
        values = np.unique(sample['gt_seg_map'])
        assert set(values) <= {*range(11), 255}
        # road is what a driving camera sees most of
        counts = np.bincount(sample['gt_seg_map'].ravel())[:11]
        assert counts[dataset.metainfo['classes'].index('road')] > 0.1 * 360**2


def test_camvid_layout(tmp_path):
    """Labels of a folder go with the images of their names."""
    for i, name in enumerate(('0001TP_006690', '0016E5_00390')):
        save(tmp_path / f'day/images/val/{name}.jpg', 'RGB', i)
        save(tmp_path / f'day/labels/val/{name}.png', 'L', 3 + 252 * i)
    dataset = build(
        'CamVidDataset', tmp_path, 'day/images/val', 'day/labels/val',
        pipeline=LOAD,
    )  # fmt: skip
    assert len(dataset) == 2
    for i, value in enumerate((3, 255)):
        assert dataset[i]['img'].shape == (4, 6, 3)
        assert (dataset[i]['gt_seg_map'] == value).all()


def test_target_set_without_labels(tmp_path):
    for i in range(3):
        save(tmp_path / f'dusk/images/train/{i}.jpg', 'RGB')
    dataset = build(
        'CamVidDataset', tmp_path, 'dusk/images/train', pipeline=LOAD[:1]
    )
    assert len(dataset) == 3
    assert 'seg_map_path' not in dataset.get_data_info(0)
    assert dataset[0]['img'].shape == (4, 6, 3)


def test_toy_streets_are_read_as_gta_synthia_and_cityscapes(tmp_path):
    settings = ToyStreets(
        num_source=8, num_target=2, num_val=8, num_second=4,
        height=64, width=96,
    )  # fmt: skip
    counts = generate_toy_streets(tmp_path, settings)
    source = build(
        'GTADataset', tmp_path / 'toy_gta', 'images', 'labels', pipeline=LOAD
    )
    val = build(
        'CityscapesDataset', tmp_path / 'toy_cityscapes', 'leftImg8bit/val',
        'gtFine/val', pipeline=LOAD,
    )  # fmt: skip
    train = build(
        'CityscapesDataset', tmp_path / 'toy_cityscapes', 'leftImg8bit/train'
    )
    second = build(
        'SYNTHIADataset', tmp_path / 'toy_synthia', 'RGB', 'GT/LABELS',
        pipeline=LOAD,
    )  # fmt: skip
    sizes = len(source), len(second), len(train), len(val)
    assert sizes == (8, 4, 2, 8)
    for dataset, name in (
        (source, 'source train'),
        (second, 'second train'),
        (val, 'target val'),
    ):
        label = dataset[3]['gt_seg_map']
        found = np.bincount(label.ravel(), minlength=19)
        np.testing.assert_array_equal(found, counts[name][3])
