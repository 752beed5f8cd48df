"""What a pass takes, whatever the network is trained or wrapped in."""

import pytest
from mmengine.config import Config

from mmseg_balance.inference.complexity import count_operations


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
