import cv2
import numpy as np
import pytest
import torch
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS

from mmseg_balance.datasets import (
    Draw,
    PackUDAInputs,
    PseudoMargins,
    UDADataset,
)

MARGINS = (3, 9, 2, 5)  # top, bottom, left, right
SIZE = (40, 64)


def hand_made(size=SIZE, margins=MARGINS):
    """The map, pixel by pixel as the definition says."""
    valid = np.zeros(size, np.uint8)
    top, bottom, left, right = margins
    for y in range(size[0]):
        for x in range(size[1]):
            rows = top <= y and y < size[0] - bottom
            columns = left <= x and x < size[1] - right
            valid[y, x] = rows and columns
    return valid


def loaded(size=SIZE, **more):
    """Results of loading an image whose pixels say where they are from."""
    rows, columns = np.indices(size)
    image = np.stack([rows, columns, rows * 0], axis=-1).astype(np.uint8)
    return dict(img=image, ori_shape=size, img_shape=size, **more)


def run(transforms, results):
    for transform in transforms:
        if isinstance(transform, dict):
            transform = TRANSFORMS.build(transform)
        results = transform(results)
    return results


def places(results):
    """Row and column of the loaded image that each pixel shows."""
    return results['img'][..., 0].astype(int), results['img'][..., 1]


def test_map_of_a_whole_image():
    results = PseudoMargins(MARGINS)(loaded())
    assert results['valid_pseudo'].dtype == np.uint8
    np.testing.assert_array_equal(results['valid_pseudo'], hand_made())
    assert results['seg_fields'] == ['valid_pseudo']


def test_margins_of_zero_leave_every_pixel():
    assert PseudoMargins((0, 0, 0, 0))(loaded())['valid_pseudo'].all()
    results = PseudoMargins((0, 39, 0, 63))(loaded())  # a single pixel
    assert results['valid_pseudo'].sum() == 1
    assert results['valid_pseudo'][0, 0] == 1


def test_list_of_the_data_set_is_not_written_to():
    fields = []
    results = loaded(seg_fields=fields)
    assert PseudoMargins(MARGINS)(results)['seg_fields'] == ['valid_pseudo']
    assert fields == []


@pytest.mark.parametrize('seed', range(6))
def test_crop_and_flip_carry_the_map(seed):
    np.random.seed(seed)
    results = run(
        [
            PseudoMargins(MARGINS),
            dict(type='RandomCrop', crop_size=(24, 30)),
            dict(type='RandomFlip', prob=0.5),
        ],
        loaded(),
    )
    rows, columns = places(results)
    assert rows.shape == (24, 30)
    np.testing.assert_array_equal(
        results['valid_pseudo'], hand_made()[rows, columns]
    )


def test_resize_carries_the_map_by_nearest_pixels():
    results = run(
        [PseudoMargins(MARGINS), dict(type='Resize', scale=(32, 20))],
        loaded(),
    )
    # halved exactly: each pixel is one of every second of the map
    np.testing.assert_array_equal(
        results['valid_pseudo'], hand_made()[::2, ::2]
    )
    assert set(np.unique(results['valid_pseudo'])) == {0, 1}


def test_packed_map_goes_beside_label_and_meta_keys():
    results = run([PseudoMargins(MARGINS)], loaded(img_path='a.png'))
    results['gt_seg_map'] = np.full(SIZE, 4, np.uint8)
    # flipped views have negative strides
    for key in ('img', 'valid_pseudo', 'gt_seg_map'):
        results[key] = results[key][:, ::-1]
    packed = PackUDAInputs()(dict(results))
    plain = PackSegInputs()(dict(results))
    assert torch.equal(packed['inputs'], plain['inputs'])
    ours, theirs = packed['data_samples'], plain['data_samples']
    assert torch.equal(ours.gt_sem_seg.data, theirs.gt_sem_seg.data)
    assert ours.metainfo == theirs.metainfo
    assert ours.img_path == 'a.png'
    valid = ours.valid_pseudo.data
    assert valid.dtype == torch.uint8
    assert valid.shape == (1, *SIZE)
    assert np.array_equal(valid[0].numpy(), hand_made()[:, ::-1])


def test_without_margins_nothing_is_added():
    packed = PackUDAInputs(meta_keys=('img_shape',))(loaded())
    assert 'valid_pseudo' not in packed['data_samples']
    assert packed['data_samples'].metainfo == dict(img_shape=SIZE)


@pytest.mark.parametrize(
    'margins', [(1, 2, 3), (1, -2, 3, 4), (1, 2.5, 3, 4), (1, 2, 3, '4')]
)
def test_margins_that_are_no_numbers_of_pixels(margins):
    with pytest.raises(ValueError, match='four numbers of pixels >= 0') as e:
        TRANSFORMS.build(dict(type='PseudoMargins', margins=margins))
    assert str(margins) in str(e.value)


@pytest.mark.parametrize('margins', [(30, 10, 0, 0), (0, 0, 1, 63)])
def test_margins_that_leave_nothing(margins):
    message = r'b.png has 64 x 40 pixels .*nothing is left: set smaller'
    with pytest.raises(ValueError, match=message):
        PseudoMargins(margins)(loaded(img_path='b.png'))


def test_margins_behind_a_resize():
    transforms = [dict(type='Resize', scale=(32, 20)), PseudoMargins(MARGINS)]
    message = '32 x 20 of the 64 x 40 pixels .*right behind LoadImageFromFile'
    with pytest.raises(ValueError, match=message):
        run(transforms, loaded())


@pytest.fixture
def domains(tmp_path):
    """Source and target of one image each, and the target's pipeline."""
    for name in ('images', 'labels'):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / 'images/0.png'), loaded()['img'])
    cv2.imwrite(str(tmp_path / 'labels/0.png'), np.zeros(SIZE, np.uint8))
    common = dict(
        type='BaseSegDataset',
        data_root=str(tmp_path),
        img_suffix='.png',
        metainfo=dict(classes=('road', 'car')),
    )
    crop = [
        dict(type='RandomCrop', crop_size=(24, 30)),
        dict(type='PackUDAInputs'),
    ]
    load = dict(type='LoadImageFromFile')
    return dict(
        source=dict(
            **common,
            data_prefix=dict(img_path='images', seg_map_path='labels'),
            pipeline=[load, dict(type='LoadAnnotations'), *crop],
        ),
        target=dict(
            **common,
            data_prefix=dict(img_path='images'),
            pipeline=[
                load,
                dict(type='PseudoMargins', margins=MARGINS),
                *crop,
            ],
        ),
    )


def test_pairs_carry_the_map_of_the_target(domains):
    dataset = UDADataset(**domains)
    for seed in range(4):
        pair = dataset[Draw(0, seed)]
        target = pair['target']
        rows, columns = target['inputs'][:2].long().numpy()
        np.testing.assert_array_equal(
            target['data_samples'].valid_pseudo.data[0].numpy(),
            hand_made()[rows, columns],
        )
        assert 'valid_pseudo' not in pair['source']['data_samples']
        assert pair['source']['data_samples'].gt_sem_seg.shape == (24, 30)


def test_packing_that_would_drop_the_map(domains):
    domains['target']['pipeline'][-1] = dict(type='PackSegInputs')
    message = 'target.pipeline has PseudoMargins and PackSegInputs, which dro'
    with pytest.raises(ValueError, match=message):
        UDADataset(**domains)
