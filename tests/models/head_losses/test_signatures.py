"""What objects of others offer."""

from types import SimpleNamespace

import pytest
from torch import nn

from mmseg_balance.models.decode_heads.scaled_features import ScaledFeatures
from mmseg_balance.models.head_losses.classifier_features import (
    ClassifiesByOwn,
    ClassifiesWithin,
)
from mmseg_balance.models.head_losses.predictions import (
    ContextFeatures,
    ContextScaler,
    SeveralPredictions,
    TrainingExtractor,
    context_images,
)
from mmseg_balance.models.head_losses.signatures import offers


@pytest.mark.parametrize(
    'protocol, name',
    [
        (TrainingExtractor, 'extract_train_feat'),
        (ContextScaler, 'context_images'),
        (ContextFeatures, 'context'),
        (SeveralPredictions, 'training_predictions'),
        (ClassifiesWithin, 'classifying_head'),
        (ClassifiesByOwn, 'first_classifier'),
    ],
)
def test_each_protocol_is_one_name(protocol, name):
    assert offers(SimpleNamespace(**{name: len}), protocol)
    assert not offers(SimpleNamespace(**{name: None}), protocol)
    assert not offers(SimpleNamespace(**{f'{name}_': len}), protocol)


def test_tuples_with_and_without_a_context():
    assert offers(ScaledFeatures([], [], [], (8, 8)), ContextFeatures)
    assert not offers(([],), ContextFeatures)


def test_a_part_that_is_a_child_counts():
    segmentor = nn.ModuleDict()
    segmentor.add_module('context_images', nn.AvgPool2d(2))
    images = nn.Parameter().new_ones(1, 3, 4, 4)
    assert context_images(segmentor, images).shape == (1, 3, 2, 2)
