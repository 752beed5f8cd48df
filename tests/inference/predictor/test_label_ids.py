"""Values in label files, of data sets whose ids have names."""

import numpy as np
import pytest
from helpers.random_domains import make_domain
from mmengine.registry import DefaultScope

from mmseg_balance.datasets.checks import build_lazily
from mmseg_balance.inference.predictor.label_ids import stored_values


@pytest.fixture
def domain(tmp_path):
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield make_domain(tmp_path, 1)


def test_written_labels_are_read_as_they_were(domain):
    names = ('sky', None, 'car', 'car', 'road')
    dataset = build_lazily(dict(domain, label_classes=names), 'target')
    values = stored_values(dataset, 3)
    assert [dataset.label_map[v] for v in values] == [0, 1, 2]
    plain = build_lazily(domain, 'target')
    np.testing.assert_array_equal(stored_values(plain, 3), [0, 1, 2])


def test_a_class_without_an_id_cannot_be_written(domain):
    """Its own number may be the id of another class."""
    dataset = build_lazily(dict(domain, label_classes=('car', 'sky')), 'd')
    with pytest.raises(ValueError, match='no id of the .* for the class 0,'):
        stored_values(dataset, 3)
