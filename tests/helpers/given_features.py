"""A network whose features and predictions are given, as SIM's numbers are.

What ran the public code gave it a network of this kind: features of 2048
channels by a rule, stored predictions, and a classifier for mean features.
"""

import numpy as np
import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.head_losses.classifier_features import split_forward

CHANNELS = 2048
NUM_CLASSES = 19
STUFF = (0, 1, 2, 3, 4, 8, 9, 10)
THINGS = (5, 6, 7, *range(11, 19))


def drawn(seed, *shape):
    values = np.random.RandomState(seed).standard_normal(shape)
    return torch.from_numpy(values.astype(np.float32))


def rule(class_map, is_target, iteration):
    """Features (1, 2048, h, w) of an image of SIM's run.

    Args:
        class_map: Class of each feature, (h, w).
        is_target: Whether the image is of the target.
        iteration: Of the run.
    """
    seed = 100 * is_target + iteration
    means = drawn(1000, CHANNELS, NUM_CLASSES)[:, class_map]
    noise = drawn(2000 + seed, CHANNELS, *class_map.shape)
    shift = 0.3 * is_target * drawn(5000 + seed, CHANNELS, 1, 1)
    return (means + noise + shift).clamp(min=0)[None]


@MODELS.register_module()
class GivenFeatures(nn.Module):
    """A backbone whose ``given`` features are those of any image."""

    def forward(self, images):
        return (self.given,)


@MODELS.register_module()
class GivenPredictions(BaseDecodeHead):
    """Predicts what is ``given``; one pixel by a linear classifier."""

    @split_forward
    def forward(self, inputs):
        return self.cls_seg(self._forward_feature(inputs))

    def _forward_feature(self, inputs):
        return self._transform_inputs(inputs)

    def cls_seg(self, features):
        if features.shape[-2:] == (1, 1):
            return self.conv_seg(features)
        return self.given


def given_segmentor():
    """The network of SIM's run."""
    head = dict(
        type='GivenPredictions',
        in_channels=CHANNELS,
        channels=CHANNELS,
        num_classes=NUM_CLASSES,
        in_index=0,
        dropout_ratio=0,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    )
    segmentor = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(type='GivenFeatures'),
            decode_head=head,
            data_preprocessor=dict(type='SegDataPreProcessor', size=(12, 16)),
            test_cfg=dict(mode='whole'),
        )
    )
    classifier = segmentor.decode_head.conv_seg
    means = drawn(1000, CHANNELS, NUM_CLASSES)
    nn.init.zeros_(classifier.bias)
    classifier.weight.data = means.T[:, :, None, None] / CHANNELS
    return segmentor.train()
