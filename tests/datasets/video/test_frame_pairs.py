"""Pairs of frames: what is loaded, and that all of it moves together."""

import cv2
import numpy as np
import pytest
import torch
from mmseg.registry import DATASETS, TRANSFORMS

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.checks import check_evaluation_set
from mmseg_balance.datasets.loading.bad_files import BadFileError
from mmseg_balance.optical_flow import (
    backward_warp,
    warp_labels,
    write_flow,
)

STEP, SIZE = 3, (64, 96)
GEOMETRY = [
    dict(type='RandomResize', scale=(96, 64), ratio_range=(0.5, 2.0),
         keep_ratio=True, resize_type='ResizeFrames'),
    dict(type='RandomCrop', crop_size=(32, 40), cat_max_ratio=0.9),
    dict(type='RandomFlipFrames', prob=[0.3, 0.3],
         direction=['horizontal', 'vertical']),
]  # fmt: skip


def with_transforms(config, *transforms):
    *loading, packing = config['pipeline']
    return dict(config, pipeline=[*loading, *transforms, packing])


def pair_of(**sizes):
    """Results as loading leaves them: exact flow, a ramp as the image."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0], flow[..., 1] = STEP, -1
    image = np.stack([columns, rows, columns + rows], -1)
    valid = np.ones(SIZE, np.uint8)
    valid[:, :8] = 0
    return dict(
        img=image + np.array([STEP, -1, STEP - 1], np.float32),
        prev_img=image,
        flow=flow,
        flow_valid=valid,
        gt_seg_map=np.uint8((columns + STEP) // 16),
        prev_gt_seg_map=np.uint8(columns // 16),
        seg_fields=['gt_seg_map', 'prev_img', 'flow', 'flow_valid',
                    'prev_gt_seg_map'],
    )  # fmt: skip


def run(results, *configs):
    for config in configs:
        results = TRANSFORMS.build(config)(results)
    return results


def tensors(results):
    return [
        torch.from_numpy(np.ascontiguousarray(results[key]))
        .float()
        .permute(2, 0, 1)[None]
        for key in ('img', 'prev_img', 'flow')
    ]


@pytest.mark.parametrize('seed', range(6))
def test_after_any_geometry_the_flow_still_leads_to_the_earlier_frame(seed):
    """A ramp is linear, so that every resampling of it is exact."""
    np.random.seed(seed)
    results = run(pair_of(), *GEOMETRY)
    image, earlier, flow = tensors(results)
    assert image.shape == earlier.shape == (1, 3, 32, 40)
    assert flow.shape == (1, 2, 32, 40)
    assert results['flow'].dtype == np.float32
    moved = backward_warp(earlier, flow)
    # beyond the border of the crop nothing is known; nor at that of the
    # scene, where resizing repeats pixels
    inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    torch.testing.assert_close(moved[inner], image[inner], atol=0.3, rtol=0)


def test_flips_negate_the_direction_that_they_mirror():
    for direction, u, v in (
        ('horizontal', -STEP, -1),
        ('vertical', STEP, 1),
        ('diagonal', -STEP, 1),
    ):
        flip = dict(type='RandomFlipFrames', prob=1.0, direction=direction)
        results = run(pair_of(), flip)
        assert (results['flow'] == np.float32([u, v])).all()
        again = run(results, flip)
        expected = pair_of()
        for key in expected['seg_fields']:
            np.testing.assert_array_equal(again[key], expected[key])


def test_resizing_scales_both_components_by_their_own_ratio():
    results = run(pair_of(), dict(type='ResizeFrames', scale=(192, 32)))
    assert results['flow'].shape == (32, 192, 2)
    assert (results['flow'] == np.float32([2 * STEP, -0.5])).all()
    assert results['prev_img'].shape == results['img'].shape
    valid = results['flow_valid']
    assert not valid[:, :16].any() and valid[:, 17:].all()
    assert results['prev_gt_seg_map'].dtype == np.uint8
    assert set(np.unique(results['prev_gt_seg_map'])) == set(range(6))


@pytest.mark.parametrize('ours, theirs', [
    (dict(type='ResizeFrames', scale=(50, 40)),
     dict(type='Resize', scale=(50, 40))),
    (dict(type='ResizeFrames', scale=(50, 40), keep_ratio=True),
     dict(type='Resize', scale=(50, 40), keep_ratio=True)),
    (dict(type='RandomFlipFrames', prob=0.5),
     dict(type='RandomFlip', prob=0.5)),
])  # fmt: skip
def test_image_and_labels_are_moved_as_mmsegmentation_does(ours, theirs):
    found, expected = [], []
    for config, kept in ((ours, found), (theirs, expected)):
        np.random.seed(1)
        for _ in range(4):
            pair = pair_of()
            pair = dict(img=pair['img'], gt_seg_map=pair['gt_seg_map'],
                        seg_fields=['gt_seg_map'])  # fmt: skip
            if config is ours:
                pair = pair_of()
            moved = run(pair, config)
            kept.append((moved['img'], moved['gt_seg_map']))
    for (image, label), (image2, label2) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(image, image2)
        np.testing.assert_array_equal(label, label2)


def test_a_pair_is_packed_with_all_that_an_objective_needs(clip_config):
    dataset = DATASETS.build(clip_config)
    assert len(dataset) == 3  # the first has no frame before it
    sample = dataset[1]['data_samples']
    assert sample.prev_img.data.dtype == torch.uint8
    assert sample.prev_img.data.shape == (3, *SIZE)
    assert torch.equal(sample.prev_img.data, dataset[0]['inputs'])
    flow, valid = sample.flow.data, sample.flow_valid.data
    assert flow.dtype == torch.float32 and flow.shape == (2, *SIZE)
    assert valid.dtype == torch.bool and valid.shape == (1, *SIZE)
    assert sample.metainfo['prev_img_path'].endswith('pan_0011.png')
    assert (sample.metainfo['sequence'], sample.metainfo['frame']) == (
        'pan',
        12,
    )
    # the camera pans to the right, so that things were further right before
    inner = flow[:, 8:-8, 8:-16]
    assert inner[0].median().item() == pytest.approx(STEP, abs=0.05)
    assert inner[1].median().item() == pytest.approx(0, abs=0.05)
    moved = warp_labels(sample.prev_gt_sem_seg.data, flow[None], valid)
    known = moved != 255
    assert known.float().mean() > 0.8
    same = moved[known] == sample.gt_sem_seg.data[known]
    assert same.float().mean() > 0.97


def test_both_domains_give_pairs_and_draw_what_they_drew(clip_config):
    config = with_transforms(clip_config, *GEOMETRY)
    single = dict(
        config,
        previous=1,
        pipeline=[
            t for t in config['pipeline'] if 'Load' not in t['type']
        ],
    )  # fmt: skip
    single['pipeline'] = config['pipeline'][:2] + single['pipeline']
    pairs = UDADataset(config, config)
    images = UDADataset(single, single)
    for index in range(3):
        np.random.seed(index)
        found = pairs[index]
        np.random.seed(index)
        expected = images[index]
        for domain in ('source', 'target'):
            assert torch.equal(
                found[domain]['inputs'], expected[domain]['inputs']
            )
            assert 'flow' in found[domain]['data_samples']
            assert 'flow' not in expected[domain]['data_samples']


def test_flow_is_read_from_files_and_checked_by_that_back(clip, clip_config):
    clip_config['data_prefix']['flow_path'] = 'flow'
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = STEP
    for number in (11, 12, 13):
        write_flow(clip / f'flow/pan_{number:04d}.png', flow)
    back = -flow
    back[:, 40:] = 5
    write_flow(clip / 'flow/pan_0012_reverse.png', back)
    dataset = DATASETS.build(clip_config)
    sample = dataset[0]['data_samples']
    assert (sample.flow.data[0] == STEP).all()
    assert sample.flow_valid.data.all()  # there is no flow back
    valid = dataset[1]['data_samples'].flow_valid.data[0]
    assert valid[:, :36].all() and not valid[:, 38:].any()
    clip_config['pipeline'][3]['check'] = False
    assert DATASETS.build(clip_config)[1]['data_samples'].flow_valid.data.all()


def test_flow_of_another_size_is_refused_or_scaled(clip, clip_config):
    clip_config['data_prefix']['flow_path'] = 'flow'
    half = np.full((32, 48, 2), STEP / 2, np.float32)
    for number in (11, 12, 13):
        write_flow(clip / f'flow/pan_{number:04d}.png', half)
    text = (
        r'pan_0011.png has 48 x 32 and its image 96 x 64 .*'
        r'resize=True of LoadOpticalFlow'
    )
    with pytest.raises(ValueError, match=f'source flow .*{text}'):
        UDADataset(clip_config)
    clip_config['pipeline'][3]['resize'] = True
    sample = UDADataset(clip_config)[0]['source']['data_samples']
    assert (sample.flow.data == STEP).all()


def test_flow_that_is_not_finite_is_named(clip, clip_config):
    clip_config['data_prefix']['flow_path'] = 'flow'
    clip_config['flow_suffix'] = '.npy'
    (clip / 'flow').mkdir()
    for number in (11, 12, 13):
        flow = np.full((*SIZE, 2), np.nan, np.float32)
        np.save(clip / f'flow/pan_{number:04d}.npy', flow)
    text = 'source flow .*pan_0011.npy: the flow of 6144 pixels is NaN'
    with pytest.raises(BadFileError, match=text):
        UDADataset(clip_config)[0]


def test_a_previous_frame_that_is_broken_or_of_another_size(clip, clip_config):
    dataset = UDADataset(clip_config, clip_config)
    (clip / 'img/pan_0010.png').write_bytes(b'no image')
    with pytest.raises(OSError, match='previous frame .*pan_0010.png cannot'):
        dataset[0]
    (clip / 'img/pan_0010.png').unlink()
    with pytest.raises(OSError, match='FileNotFoundError.*take the frame'):
        dataset[0]
    small = str(clip / 'img/pan_0010.png')
    cv2.imwrite(small, np.zeros((32, 48, 3), np.uint8))
    text = r'prev_img of .*pan_0011.png has 48 x 32 and the image 96 x 64'
    with pytest.raises(BadFileError, match=text):
        dataset[0]


def test_a_bad_pair_is_skipped_where_bad_images_are(clip, clip_config):
    dataset = UDADataset(clip_config, clip_config, on_bad_image='skip')
    (clip / 'img/pan_0010.png').write_bytes(b'no image')
    np.random.seed(0)
    frames = {
        dataset[i]['source']['data_samples'].metainfo['frame']
        for i in range(3)
    }
    assert frames <= {12, 13}


@pytest.mark.parametrize('transform, instead', [
    (dict(type='Resize', scale=(48, 32)), "type='ResizeFrames'"),
    (dict(type='RandomResize', scale=(48, 32)), 'resize_type='),
    (dict(type='RandomFlip', prob=0.5), "type='RandomFlipFrames'"),
    (dict(type='RandomRotate', prob=0.5, degree=10), 'alone: take it out'),
    (dict(type='RandomChoice',
          transforms=[[dict(type='RandomFlip', prob=0.5)]]),
     "type='RandomFlipFrames'"),
])  # fmt: skip
def test_transforms_of_the_image_alone_are_refused(
    clip_config, transform, instead
):
    config = with_transforms(clip_config, transform)
    with pytest.raises(ValueError, match='move the image alone.*') as error:
        UDADataset(clip_config, config)
    assert instead in str(error.value)
    assert str(error.value).startswith('target.pipeline')


def test_what_pairs_need_is_said_when_the_data_set_is_built(clip_config):
    with pytest.raises(ValueError, match='previous=1 of its data set'):
        UDADataset(dict(clip_config, previous=None))
    other = dict(clip_config, type='FolderDataset')
    other.pop('previous')
    with pytest.raises(ValueError, match='FolderDataset names no frames'):
        UDADataset(other)
    load, labels, before, flow, pack = clip_config['pipeline']
    target = dict(
        clip_config,
        data_prefix=dict(img_path='img'),
        pipeline=[load, before, flow, pack],
    )
    with pytest.raises(ValueError, match='target.data_prefix.seg_map_path'):
        UDADataset(clip_config, target)
    text = "finds neither files of flow .* put dict.type='LoadPreviousFrame'"
    with pytest.raises(ValueError, match=text):
        UDADataset(dict(clip_config, pipeline=[load, labels, flow, pack]))
    packing = [*clip_config['pipeline'][:-1], dict(type='PackUDAInputs')]
    with pytest.raises(ValueError, match="put dict.type='PackFrameInputs'"):
        UDADataset(dict(clip_config, pipeline=packing))


def test_an_evaluation_keeps_the_first_image_of_a_sequence(clip_config):
    load, labels, before, flow, pack = clip_config['pipeline']
    config = dict(clip_config, test_mode=True)
    with pytest.raises(BadFileError, match='pan_0010.png: it has no frame'):
        DATASETS.build(config)[0]
    before = dict(before, repeat_first=True)
    config['pipeline'] = [load, labels, before, flow, pack]
    dataset = DATASETS.build(config)
    check_evaluation_set(dataset, 'val_dataloader.dataset')
    assert len(dataset) == 4
    first, second = (dataset[i]['data_samples'] for i in (0, 1))
    assert first.metainfo['prev_img_path'] is None
    assert torch.equal(first.prev_img.data, dataset[0]['inputs'])
    assert torch.equal(first.prev_gt_sem_seg.data, first.gt_sem_seg.data)
    assert not first.flow.data.any() and first.flow_valid.data.all()
    assert second.metainfo['prev_img_path'].endswith('pan_0010.png')
    assert torch.equal(second.prev_img.data, dataset[0]['inputs'])
    assert second.flow.data.any()


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(previous=None), 'val.pipeline has LoadPreviousFrame, and its'),
    (dict(drop='LoadPreviousFrame'), 'finds neither files of flow'),
    (dict(add=dict(type='Resize', scale=(48, 32))), "type='ResizeFrames'"),
    (dict(pack='PackSegInputs'), "put dict.type='PackFrameInputs'"),
])  # fmt: skip
def test_an_evaluation_is_checked_as_a_training_is(
    clip_config, changes, message
):
    changes = dict(changes)
    drop, add = changes.pop('drop', None), changes.pop('add', None)
    *steps, pack = clip_config['pipeline']
    steps[2] = dict(type='LoadPreviousFrame', repeat_first=True)
    steps = [step for step in steps if step['type'] != drop]
    steps += [add] if add else []
    steps.append(dict(type=changes.pop('pack', pack['type'])))
    config = dict(clip_config, test_mode=True, pipeline=steps) | changes
    with pytest.raises(ValueError, match=message):
        check_evaluation_set(DATASETS.build(config), 'val')


def test_frames_before_translated_images_are_translated(clip, clip_config):
    config = dict(clip_config, translated_root=str(clip / 'img'))
    with pytest.raises(ValueError, match='source has translated_root, and'):
        UDADataset(config)
    config['data_prefix'] = dict(
        config['data_prefix'], prev_img_path=str(clip / 'img')
    )
    assert len(UDADataset(config)) == 3


def test_packing_notices_what_was_not_moved(clip_config):
    results = pair_of()
    results['img'] = results['img'][:32]
    with pytest.raises(ValueError, match='prev_img of .* 96 x 64 .* 96 x 32'):
        TRANSFORMS.build(dict(type='PackFrameInputs'))(results)


def test_camvid_has_one_clip(camvid):
    config = dict(
        type='CamVidVideoDataset',
        data_root=str(camvid),
        data_prefix=dict(
            img_path='day/images/train', seg_map_path='day/labels/train'
        ),
        recordings=('0016E5',),
        numbers=(7959, 8159),
        lazy_init=True,
    )
    single = DATASETS.build(config)
    single.full_init()
    assert len(single) == 101
    pairs = DATASETS.build(dict(config, previous=2))
    pairs.full_init()
    assert len(pairs) == 100
    info = pairs.get_data_info(0)
    assert info['prev_img_path'].endswith('0016E5_07959.jpg')
    assert info['prev_seg_map_path'].endswith('0016E5_07959.png')
    # 21 images of the recording are a second apart, and no pairs
    whole = DATASETS.build(dict(config, numbers=None, previous=2))
    with pytest.raises(ValueError, match='images have no frame before them'):
        whole.full_init()
    stills = DATASETS.build(dict(config, recordings=('0006R0',), numbers=None))
    stills.full_init()
    assert len(stills) == 101
    with pytest.raises(ValueError, match='none of 406 frames .*0001TP'):
        DATASETS.build(dict(config, recordings=('0001TP',))).full_init()
