"""Batches as MMSegmentation's preprocessor makes them."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor

from mmseg_balance.models.uda.preprocessing import do_not_wait, preprocessed

SETTINGS = dict(mean=[1.0, 2, 3], std=[4.0, 5, 6], size=(40, 48))


class OwnPreProcessor(SegDataPreProcessor):
    """With a way of its own to turn channels."""

    def forward(self, data, training=False):
        assert self.channel_conversion
        return super().forward(data, training)


@pytest.mark.parametrize(
    'settings',
    [
        dict(SETTINGS, bgr_to_rgb=True),
        dict(SETTINGS, rgb_to_bgr=True),
        dict(SETTINGS),
        dict(size=(40, 48), bgr_to_rgb=True),
    ],
    ids=str,
)
def test_batches_are_the_same(batch, settings):
    preprocessor = SegDataPreProcessor(**settings)
    data = batch()['source']
    data['inputs'] = [  # of several sizes
        torch.randint(255, (3, 32, 30 + i)).byte() for i in range(2)
    ]
    for i, sample in enumerate(data['data_samples']):
        labels = torch.zeros(1, 32, 30 + i).long()
        sample.gt_sem_seg = PixelData(data=labels)
    do_not_wait(preprocessor)
    found = preprocessed(preprocessor, data)
    expected = SegDataPreProcessor(**settings)(data, training=True)
    assert torch.equal(found['inputs'], expected['inputs'])
    for a, b in zip(found['data_samples'], expected['data_samples']):
        assert torch.equal(a.gt_sem_seg.data, b.gt_sem_seg.data)
        assert a.metainfo == b.metainfo
    again = preprocessed(preprocessor, data)
    assert torch.equal(found['inputs'], again['inputs'])


def test_a_preprocessor_of_its_own_is_left_to_itself(batch):
    data = batch()['source']
    settings = dict(SETTINGS, bgr_to_rgb=True)
    found = preprocessed(OwnPreProcessor(**settings), data)
    expected = SegDataPreProcessor(**settings)(data, training=True)
    assert torch.equal(found['inputs'], expected['inputs'])


def test_one_channel_stays_one(batch):
    preprocessor = SegDataPreProcessor(
        mean=[1.0], std=[2.0], size=(32, 32), bgr_to_rgb=True
    )
    data = batch()['source']
    data['inputs'] = [image[:1] for image in data['inputs']]
    found = preprocessed(preprocessor, data)['inputs']
    expected = torch.stack([(x.float() - 1) / 2 for x in data['inputs']])
    assert torch.equal(found, expected)
