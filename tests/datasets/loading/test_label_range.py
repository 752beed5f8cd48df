"""Which values a label may have."""

import numpy as np
import pytest

from mmseg_balance.datasets.loading.label_range import LabelRange


@pytest.mark.parametrize('dtype', [np.uint8, np.int64])
def test_label_range_agrees_with_a_plain_count(dtype):
    rng = np.random.default_rng(0)
    for ignore in (255, 1):
        allowed = LabelRange(4, ignore)
        for values in ([0, 1, 2, 3], [0, ignore], [4], [3, 254], [ignore]):
            label = rng.choice(values, (5, 5)).astype(dtype)
            if set(np.unique(label).tolist()) <= {0, 1, 2, 3, ignore}:
                allowed.check(label, 'f.png', 'source')
            else:
                with pytest.raises(ValueError, match='f.png has the value'):
                    allowed.check(label, 'f.png', 'source')
    with pytest.raises(ValueError, match='has the value -1 in 1 pixels'):
        LabelRange(4).check(np.array([[0, -1]]), 'f.png', 'source')
