"""The kept reference numbers are parts of the whole files."""

import numpy as np
import pytest
import torch
from helpers.reference import REFERENCE, corner, reference, whole_files

FILES = sorted(
    file.relative_to(REFERENCE).with_suffix('').as_posix()
    for file in REFERENCE.rglob('*.npz')
)
# where pixels do not depend on each other, a grid of them is kept
GRIDS = dict(blda_loss_trace_C6=np.s_[..., ::2, ::4])
# made by a rule from names that the whole file does not list
RULE = {'param_names', 'param_shapes'}


def test_they_are_small_and_described():
    files = [file for file in REFERENCE.rglob('*') if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 4.5 * 2**20
    text = (REFERENCE / 'README.md').read_text()
    for name in FILES:
        assert f'`{name}`' in text, name


@pytest.mark.parametrize('name', FILES)
def test_kept_numbers_are_those_of_the_whole_files(name):
    kept = reference(name)
    assert kept  # draws are compared with their last number
    for whole in map(reference, whole_files(name)):
        assert kept.keys() - whole.keys() <= RULE
        for key in kept.keys() & whole.keys():
            found, expected = whole[key], kept[key]
            if isinstance(expected, np.ndarray):
                assert (found == expected).all(), key
                continue
            if found.shape != expected.shape and name in GRIDS:
                found = found[GRIDS[name]]
            assert found.dtype == expected.dtype, key
            torch.testing.assert_close(
                corner(found, expected),
                expected,
                rtol=0,
                atol=0,
                equal_nan=True,
                msg=key,
            )
