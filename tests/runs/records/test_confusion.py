"""The confusion matrix beside scores: whole, or as if it were not there."""

import numpy as np
import pytest

from mmseg_balance.runs.records.confusion import (
    CONFUSION,
    read_confusion,
    write_confusion,
)

CLASSES = ('road', 'traffic sign')


@pytest.fixture
def scores(tmp_path):
    return tmp_path / '20260101_000000.json'


def test_what_is_written_is_read(scores):
    # more than 32 bits, as a large set has
    counts = np.array([[2**40, 1], [0, 7]])
    write_confusion(scores, counts, CLASSES)
    found, classes = read_confusion(scores)
    assert np.array_equal(found, counts) and found.dtype == np.int64
    assert classes == CLASSES


def test_what_is_no_matrix_is_none(scores):
    assert read_confusion(scores) is None
    file = scores.with_name(CONFUSION)
    for content in (b'', b'PK\x03\x04', b'no archive'):
        file.write_bytes(content)
        assert read_confusion(scores) is None
    write_confusion(scores, np.zeros((3, 3)), CLASSES)
    assert read_confusion(scores) is None
    np.savez(file, other=np.zeros(2))
    assert read_confusion(scores) is None
