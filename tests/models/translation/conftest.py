"""Small translators and batches for them."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_balance.models.translation import CycleGAN


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.fixture
def tiny_gan():
    """Build a CycleGAN that trains in milliseconds."""

    def build(**changes) -> CycleGAN:
        config = dict(
            generator=dict(
                type='ResnetGenerator', num_blocks=1, base_channels=2
            ),
            discriminator=dict(
                type='PatchDiscriminator', base_channels=2, num_layers=1
            ),
            pool_size=3,
            data_preprocessor=dict(size=(16, 20)),
        )
        return CycleGAN(**{**config, **changes})

    return build


@pytest.fixture
def batch():
    """Make a batch of ``UDADataset`` with images of 16 x 20 pixels."""

    def make(count=2, seed=0, size=(16, 20)):
        generator = torch.Generator().manual_seed(seed)

        def part():
            samples = []
            for _ in range(count):
                sample = SegDataSample(
                    metainfo=dict(img_shape=size, ori_shape=size)
                )
                sample.gt_sem_seg = PixelData(
                    data=torch.zeros(1, *size, dtype=torch.long)
                )
                samples.append(sample)
            images = torch.randint(256, (count, 3, *size), generator=generator)
            return dict(inputs=list(images.byte()), data_samples=samples)

        return dict(source=part(), target=part())

    return make
