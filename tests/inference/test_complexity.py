"""What a pass takes, whatever the network is trained or wrapped in."""

import pytest
from mmengine.config import Config

from mmseg_balance.inference.complexity import count_operations, image_size


def segmentor():
    return dict(
        type='EncoderDecoder',
        backbone=dict(type='ImageAsFeatures'),
        decode_head=dict(
            type='FCNHead',
            in_channels=3,
            channels=4,
            num_convs=1,
            concat_input=False,
            num_classes=3,
        ),
    )


@pytest.mark.parametrize('kind', ['plain', 'uda'])
@pytest.mark.parametrize('is_balanced', [False, True])
def test_one_segmentor_counts(kind, is_balanced):
    model = segmentor()
    if kind == 'uda':
        model = dict(type='SourceOnly', segmentor=model, alpha=0.9)
    if is_balanced:
        model = dict(
            type='PostHocSegmentor', segmentor=model, statistics='none.pth'
        )
    found = count_operations(Config(dict(model=model)), 8, 8)
    # a 3 x 3 convolution to 4 channels, and a classifier of 3 classes
    assert found['params'] == 3 * 4 * 9 + 4 + 4 * 3 + 3
    assert found['flops'] == 8 * 8 * (3 * 4 * 9 + 4 * 3)


def panoptic(**instance_head):
    return dict(
        segmentor(),
        type='PanopticEncoderDecoder',
        things=[2],
        instance_head=instance_head,
    )


def test_the_branch_for_instances_counts():
    head = dict(type='CenterOffsetHead', channels=4)
    found = count_operations(Config(dict(model=panoptic(**head))), 8, 8)
    # a centre and two offsets, on the features of the semantic decoder
    assert found['params'] == 3 * 4 * 9 + 4 + 4 * 3 + 3 + (4 + 1) * 3
    assert found['flops'] == 8 * 8 * (3 * 4 * 9 + 4 * 3 + 4 * 3)


def test_as_many_proposals_count_as_there_are_at_most():
    pytest.importorskip('mmdet')
    counts = [
        count_operations(
            Config(
                dict(
                    model=panoptic(
                        type='MaskRCNNHead',
                        in_channels=[3],
                        channels=4,
                        fc_channels=5,
                        strides=[1, 2],
                        test_cfg=dict(rpn=dict(max_per_img=boxes)),
                    )
                )
            ),
            8,
            8,
        )
        for boxes in (110, 111)
    ]
    a_box = 4 * 7 * 7 * 5 + 5 * 5 + 5 * 2 + 5 * 4
    assert counts[1]['flops'] - counts[0]['flops'] == a_box
    masks = 4 * (4 * 4 * 9 * 14 * 14) + 4 * 4 * 28 * 28 + 4 * 28 * 28
    rest = counts[0]['flops'] - 110 * a_box - 100 * masks
    # the semantic branch, the pyramid and the proposals of two levels
    pixels, semantic = 8 * 8 + 4 * 4, 3 * 4 * 9 + 4 * 3
    pyramid = 64 * (semantic + 3 * 4 + 4 * 4 * 9)
    assert rest == pyramid + pixels * (4 * 4 * 9 + 4 * 3 + 4 * 12)


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({}, (1024, 2048)),
        (dict(type='ImageClassifier'), (224, 224)),
        (
            dict(
                type='ImageClassifier', data_preprocessor=dict(size=(32, 48))
            ),
            (32, 48),
        ),
    ],
)
def test_the_size_that_counts_is_that_of_images_of_the_task(changes, expected):
    model = dict(type='SourceOnly', segmentor=segmentor() | changes)
    assert image_size(Config(dict(model=model))) == expected
