"""Rows that are listed as published and have no config."""

import re

import pytest
from helpers.paths import ROOT

from mmseg_balance.evaluation.published import foundation
from mmseg_balance.evaluation.published.listing import list_rows
from mmseg_balance.evaluation.published.rows import ROWS, find_row


@pytest.mark.parametrize('name', foundation.NOT_BUILT)
def test_rows_of_vfm_uda_name_the_nearest_config(name):
    with pytest.raises(ValueError, match='no config of the row') as error:
        find_row(name)
    assert 'published, not run' in str(error.value)
    nearest = re.search(r'nearest config is (\S+\.py)$', str(error.value))
    assert (ROOT / 'configs' / nearest[1]).is_file()
    assert f'_{name.split("/")[0]}2cityscapes' in nearest[1]
    assert name in list_rows()
    assert name not in {row.name for row in ROWS}
