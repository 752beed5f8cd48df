"""A tiny segmentor and batches of UDADataset's form."""

import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

CLASSES = 4
SIZE = 32


@MODELS.register_module()
class TinyBackbone(nn.Module):
    """Two convolutions, one level."""

    def __init__(self, dropout=0.0, channels=3):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 8, 3, 2, 1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(8, 8, 3, 1, 1),
        )

    def forward(self, images):
        return (self.layers(images),)


def segmentor_cfg(loss=None, head='FCNHead', dropout=0.0, **kwargs):
    loss = loss or dict(type='CrossEntropyLoss')
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[120.0] * 3,
            std=[60.0] * 3,
            size=(SIZE, SIZE),
            seg_pad_val=255,
        ),
        backbone=dict(type='TinyBackbone', dropout=dropout),
        decode_head=dict(
            type=head,
            in_channels=8,
            channels=8,
            num_classes=CLASSES,
            num_convs=1,
            dropout_ratio=dropout,
            loss_decode=loss,
            **kwargs.pop('head_kwargs', {}),
        ),
        test_cfg=dict(mode='whole'),
        **kwargs,
    )


def make_batch(n=2, size=SIZE, target_size=None, seed=0):
    """Images whose brightness tells the class, so that they can be learnt."""
    generator = torch.Generator().manual_seed(seed)
    batch = {}
    for domain in ('source', 'target'):
        side = target_size if domain == 'target' and target_size else size
        inputs, samples = [], []
        for _ in range(n):
            label = torch.randint(
                CLASSES, (1, side // 8, side // 8), generator=generator
            )
            label = label.repeat_interleave(8, 1).repeat_interleave(8, 2)
            noise = torch.randint(40, label.shape, generator=generator)
            inputs.append((label * 60 + noise).expand(3, -1, -1).byte())
            sample = SegDataSample()
            if domain == 'source':
                sample.gt_sem_seg = PixelData(data=label)
            samples.append(sample)
        batch[domain] = dict(inputs=inputs, data_samples=samples)
    return batch


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture
def segmentor():
    return segmentor_cfg


@pytest.fixture
def batch():
    return make_batch


@pytest.fixture
def build():
    """Build a UDA model, ready for its first iteration."""

    def build(kind='DACS', loss=None, segmentor=None, **kwargs):
        cfg = copy.deepcopy(segmentor or segmentor_cfg(loss))
        model = MODELS.build(ConfigDict(type=kind, segmentor=cfg, **kwargs))
        if model.teacher is not None:
            model.copy_student()
        return model.train()

    return build


@pytest.fixture
def optimizers():
    """Build the optimizer of a UDA model, or both of an adversarial one."""

    def optimizers(model, **kwargs):
        student = dict(
            constructor='StudentOptimWrapperConstructor',
            optimizer=dict(type='SGD', lr=0.1),
            **kwargs,
        )
        if model.discriminators is None:
            return build_optim_wrapper(model, student)
        discriminators = dict(optimizer=dict(type='Adam', lr=1e-3), **kwargs)
        both = dict(student=student, discriminator=discriminators)
        constructor = 'AdversarialOptimWrapperConstructor'
        return build_optim_wrapper(model, dict(both, constructor=constructor))

    return optimizers
