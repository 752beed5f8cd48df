"""Which of several sources is meant."""

import pytest

from mmseg_balance.datasets.pairs.named_source import named_source


@pytest.mark.parametrize(
    ('wanted', 'place'),
    [
        (1, 1),
        ('1', 1),
        ('gta', 1),
        (2, None),
        ('sim', None),
        (None, None),
        (-1, None),
    ],
)
def test_by_number_or_name(wanted, place):
    data = dict(source=[{}, {}], source_names=['synthia', 'gta'])
    assert named_source(data, wanted) == place


def test_the_first_that_is_called_so():
    data = dict(source=[{}, {}], source_names=['1', '0'])
    assert named_source(data, '1') == 0
    assert named_source(dict(source=[{}, {}]), '1') == 1
