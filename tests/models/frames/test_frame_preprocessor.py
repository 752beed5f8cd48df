"""Pairs of frames in batches, beside MMSegmentation's preprocessor."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.structures import SegDataSample

from mmseg_balance.models.frames import (
    FrameDataPreProcessor,
    FramePair,
    frame_pair,
    image_channels,
)
from mmseg_balance.models.frames.pairs import changed_frames, stack_frames
from mmseg_balance.optical_flow import inside

SETTINGS = dict(
    mean=[1.0, 2, 3], std=[4.0, 5, 6], size=(40, 48), bgr_to_rgb=True
)
SIZES = ((32, 30), (40, 48))


def samples(labels=True):
    made = []
    for height, width in SIZES:
        sample = SegDataSample(metainfo=dict(img_path=f'{width}.png'))
        fields = dict(
            gt_sem_seg=torch.randint(3, (1, height, width)),
            prev_img=torch.randint(255, (3, height, width)).byte(),
            flow=torch.randn(2, height, width),
            flow_valid=torch.rand(1, height, width) < 0.5,
        )
        if labels:
            fields['prev_gt_sem_seg'] = torch.randint(3, (1, height, width))
        sample.set_data({k: PixelData(data=v) for k, v in fields.items()})
        made.append(sample)
    return made


def images():
    return [torch.randint(255, (3, *size)).byte() for size in SIZES]


def test_an_image_and_its_frame_are_normalised_alike():
    inputs, with_frames = images(), samples()
    found = FrameDataPreProcessor(**SETTINGS)(
        dict(inputs=inputs, data_samples=with_frames), training=True
    )
    plain = SegDataPreProcessor(**SETTINGS)
    for channels, sources in (
        (slice(0, 3), inputs),
        (slice(3, 6), [s.prev_img.data for s in with_frames]),
    ):
        bare = [SegDataSample() for _ in SIZES]
        expected = plain(dict(inputs=sources, data_samples=bare), True)
        assert torch.equal(found['inputs'][:, channels], expected['inputs'])
    pair = frame_pair(found['inputs'], found['data_samples'])
    height, width = SIZES[0]
    sample = with_frames[0]
    assert torch.equal(pair.flow[0, :, :height, :width], sample.flow.data)
    counts = sample.flow_valid.data[0] & inside(sample.flow.data[None])[0]
    assert torch.equal(pair.valid[0, :height, :width], counts)
    assert counts.any() and not torch.equal(counts, sample.flow_valid.data[0])
    assert torch.equal(
        pair.labels[0, :height, :width], sample.prev_gt_sem_seg.data[0]
    )
    assert not pair.valid[0, height:].any()
    assert not pair.valid[0, :, width:].any()
    assert pair.labels[0, height:].eq(255).all()
    assert not pair.flow[0, :, height:].any()
    labels = found['data_samples'][0].gt_sem_seg.data
    assert labels.shape == (1, 40, 48) and labels[0, height:].eq(255).all()


def test_a_batch_without_frames_is_that_of_mmsegmentation():
    inputs = images()
    bare = [[SegDataSample() for _ in SIZES] for _ in range(2)]
    found = FrameDataPreProcessor(**SETTINGS)(
        dict(inputs=inputs, data_samples=bare[0]), training=True
    )
    expected = SegDataPreProcessor(**SETTINGS)(
        dict(inputs=inputs, data_samples=bare[1]), training=True
    )
    assert torch.equal(found['inputs'], expected['inputs'])
    assert frame_pair(found['inputs'], bare[0]) is None
    assert image_channels(found['inputs']) is found['inputs']


@pytest.mark.parametrize('in_tests, channels', [(False, 3), (True, 9)])
def test_frames_in_tests_where_they_are_asked_for(in_tests, channels):
    settings = dict(SETTINGS, test_cfg=dict(size_divisor=32))
    preprocessor = FrameDataPreProcessor(in_tests=in_tests, **settings)
    data = dict(inputs=images()[1:], data_samples=samples()[1:])
    found = preprocessor(data)
    assert found['inputs'].shape == (1, channels, 64, 64)
    plain = SegDataPreProcessor(**settings)(
        dict(inputs=data['inputs'], data_samples=[SegDataSample()])
    )
    assert torch.equal(image_channels(found['inputs']), plain['inputs'])


def test_stack_and_pair_are_each_others_inverse():
    pair = FramePair(
        torch.randn(2, 3, 8, 9),
        torch.randn(2, 2, 8, 9),
        torch.rand(2, 8, 9) < 0.5,
    )
    own = torch.randn(2, 3, 8, 9)
    stacked = stack_frames(own, pair)
    again = frame_pair(stacked)
    assert torch.equal(image_channels(stacked), own)
    assert torch.equal(again.images, pair.images)
    assert torch.equal(again.flow, pair.flow)
    assert torch.equal(again.valid, pair.valid)
    assert again.labels is None


def without(field):
    def change(made):
        delattr(made[0], field)

    return change


def smaller(made):
    made[0].flow = PixelData(data=torch.zeros(2, 16, 16))


@pytest.mark.parametrize(
    'change, said',
    [
        (without('prev_img'), '30.png comes without the frame before it'),
        (without('flow'), '30.png comes .* without flow: put'),
        (without('flow_valid'), 'without flow_valid'),
        (smaller, 'flow of 30.png has 16 x 16 and the image 30 x 32'),
    ],
)
def test_half_pairs_are_refused(change, said):
    made = samples()
    change(made)
    with pytest.raises(ValueError, match=said):
        FrameDataPreProcessor(**SETTINGS)(
            dict(inputs=images(), data_samples=made), training=True
        )


def test_batch_augments_are_refused():
    with pytest.raises(ValueError, match='batch_augments'):
        FrameDataPreProcessor(batch_augments=[dict(type='X')], **SETTINGS)


def test_what_changes_pixels_leaves_the_flow():
    stacked = torch.randn(2, 9, 4, 5)
    seen = []

    def change(frames):
        seen.append(frames)
        return 2 * frames

    found = changed_frames(stacked, change)
    assert torch.equal(found[:, :6], 2 * stacked[:, :6])
    assert torch.equal(found[:, 6:], stacked[:, 6:])
    assert torch.equal(torch.cat(seen, 1), stacked[:, :6])
    assert changed_frames(stacked[:, :3], change).shape == (2, 3, 4, 5)
