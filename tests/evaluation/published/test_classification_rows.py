"""Table 10 of BLDA."""

import numpy as np
import pytest

from mmseg_balance.datasets.classification.visda2017 import VisDA2017Dataset
from mmseg_balance.evaluation.published import classification
from mmseg_balance.evaluation.published.listing import list_rows
from mmseg_balance.evaluation.published.recipes import describe_recipe
from mmseg_balance.evaluation.published.rows import find_row

# plane, bcycl, ..., truck, mean and std as printed
PAPER = {
    'visda/mcc': '88.1 80.3 80.5 71.5 90.1 93.2 85.0 71.6 89.4 73.8 85.0 36.9 '
    '78.8 14.4',
    'visda/sdat': '95.8 85.5 76.9 69.0 93.5 97.4 88.5 78.2 93.1 91.6 86.3 '
    '55.3 84.3 11.9',
    'visda/mic': '96.7 88.5 84.2 74.3 96.0 96.3 90.2 81.2 94.3 95.4 88.9 56.6 '
    '86.9 11.3',
    'visda/mic+blda': '96.2 90.3 82.8 81.2 95.7 96.7 93.4 86.5 95.7 94.3 91.0 '
    '65.7 89.1 8.7',
}


def test_rows_are_those_of_the_table():
    assert [row.name for row in classification.ROWS] == list(PAPER)
    classes = VisDA2017Dataset.METAINFO['classes']
    for row in classification.ROWS:
        *columns, mean, std = map(float, PAPER[row.name].split())
        assert list(row.scores.items()) == [
            ('mAcc', mean),
            ('Acc_std', std),
            *((f'Acc.{c}', v) for c, v in zip(classes, columns, strict=True)),
        ]
        # spreads are those of the population over the 12 classes
        assert np.mean(columns) == pytest.approx(mean, abs=0.06)
        assert np.std(columns) == pytest.approx(std, abs=0.06)
        assert row.task == 'Image Classification'


def test_the_list_has_a_column_for_each_class():
    (table,) = [t for t in list_rows().split('\n\n') if 'visda/' in t]
    heads, *lines = table.splitlines()
    assert heads.split()[3:] == [
        'mAcc', 'std', 'plane', 'bcycl', 'bus', 'car', 'horse', 'knife',
        'mcyle', 'persn', 'plant', 'sktb', 'train', 'truck', 'recipe',
    ]  # fmt: skip
    assert [line.split()[3] for line in lines] == [
        '78.8',
        '84.3',
        '86.9',
        '89.1',
    ]


@pytest.mark.parametrize('row', PAPER)
def test_recipes_say_what_the_public_numbers_are_chosen_by(row):
    assert 'on labels of the target set' in describe_recipe(row)


def test_a_row_is_found_by_a_name_that_is_like_it():
    with pytest.raises(ValueError, match='nearest are visda/mic'):
        find_row('visda2017/mic')
