"""The classifier against the public code, which a file holds."""

import pytest
import torch
from helpers.reference import SHARED, reference, whole_files
from helpers.tiny_classifiers import package_name, reference_classifier
from mmengine.registry import init_default_scope

from mmseg_balance.models.head_losses.predictions import (
    decode_predictions,
    training_features,
)

FILES = whole_files(
    'classification/classifier_map_pool',
    'classification/classifier_vector_nopool',
)


@pytest.mark.skipif(not FILES, reason=f'no vectors in {SHARED}')
@pytest.mark.parametrize('name', FILES)
def test_logits_features_and_batch_norms(name):
    init_default_scope('mmseg')
    arrays = reference(name)
    model = reference_classifier(arrays, 'vector' in name).train()
    features = training_features(model, arrays['x'])
    (found,) = decode_predictions(model.decode_head, features, True)
    exact = dict(rtol=0, atol=1e-12)
    torch.testing.assert_close(
        found.logits[..., 0, 0], arrays['train_predictions'], **exact
    )
    torch.testing.assert_close(
        found.features[..., 0, 0], arrays['train_features'], **exact
    )
    state = model.state_dict()
    after = [key for key in arrays if key.startswith('after__')]
    assert len(after) == 6
    for key in after:
        own = package_name(key.removeprefix('after__').replace('__', '.'))
        torch.testing.assert_close(state[own], arrays[key], **exact)
    logits = model.eval()(arrays['x'])
    torch.testing.assert_close(
        logits[..., 0, 0], arrays['eval_output'], **exact
    )
