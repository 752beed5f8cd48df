"""Ring buffers against a list a class."""

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict

from mmseg_balance.models.uda.alignment.feature_buffer import FeatureBuffer


@pytest.mark.parametrize('capacity', [1, 3, 8])
def test_the_last_features_stay(capacity):
    generator = torch.Generator().manual_seed(0)
    buffer = FeatureBuffer(2, capacity, 4)
    expected = torch.zeros(2, capacity, 4)
    written = [0, 0]
    for _ in range(6):
        features = torch.randn(2, 5, 4, generator=generator)
        is_kept = torch.rand(2, 5, generator=generator) < 0.6
        buffer.write(features, is_kept)
        for k in range(2):
            for feature in features[k][is_kept[k]]:
                expected[k, written[k] % capacity] = feature
                written[k] += 1
        assert torch.equal(buffer.features, expected)
        assert buffer.written.tolist() == written
        assert buffer.is_full.tolist() == [n > capacity for n in written]
    assert not buffer.rows[-1].any()  # what is not kept leaves no trace


def test_it_is_saved():
    buffer, other = FeatureBuffer(1, 2, 3), FeatureBuffer(1, 2, 3)
    buffer.write(torch.ones(1, 1, 3), torch.ones(1, 1, dtype=torch.bool))
    other.load_state_dict(buffer.state_dict())
    assert torch.equal(other.features, buffer.features)
    assert other.written == 1


def test_features_that_do_not_fit_are_not_counted():
    """mmengine loads what fits, beside a warning."""
    small, large = FeatureBuffer(1, 2, 3), FeatureBuffer(1, 4, 3)
    small.write(torch.ones(1, 5, 3), torch.ones(1, 5, dtype=torch.bool))
    load_state_dict(large, small.state_dict(), strict=False)
    assert large.written == 0 and not large.is_full
    with pytest.raises(RuntimeError, match='size mismatch for rows'):
        large.load_state_dict(small.state_dict())
