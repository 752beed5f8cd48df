"""Numbers in the cells of the tables."""

import dataclasses
import math

import pytest

from mmseg_balance.visualization.comparison import Difference
from mmseg_balance.visualization.comparison.baseline import baseline_of
from mmseg_balance.visualization.comparison.differences import judged
from mmseg_balance.visualization.comparison.drawing.colours import LESS, MORE

from .conftest import CLASSES, method

SCORES = 'Scores of each method'


def test_scores_with_seeds_and_published_ones(full, page_of):
    page = page_of(full)
    head, plain, balanced = page.tables[SCORES]
    assert head[:4] == ['Method', 'Seeds', 'mIoU', 'mAcc']
    assert head[4:] == ['IoU_std', 'Acc_std', 'aAcc']
    assert plain[:2] == ['DACSpublished: BLDA, Table 1', '3 (0, 1, 2)']
    # 40.12 - 52.1
    assert plain[2] == '40.12 ± 0.5052.1 (−12.0)'
    # none is published
    assert plain[3] == '60.00'
    # 30.34 - 27.1
    assert plain[4] == '30.3427.1 (+3.2)'
    assert balanced[:3] == ['DACS + BLDA', '2 (0)', '41.56']
    best = [
        [('best' in a.get('class', '').split()) for a in row]
        for row in page.attributes[SCORES][1:]
    ]
    # ties are both the best
    ties = [False, False, False, True, False, True, True]
    assert best[0] == ties
    assert best[1] == [False, False, True, True, True, True, True]


def test_of_one_method_nothing_is_the_best(full, page_of):
    page = page_of(dataclasses.replace(full, methods=full.methods[:1]))
    assert not any(
        'best' in a.get('class', '')
        for row in page.attributes[SCORES]
        for a in row
    )


def test_scores_that_are_missing_or_no_number_are_dashes(full, page_of):
    nan = dataclasses.replace(
        full.methods[0],
        scores={'mIoU': float('nan'), 'mAcc': 7.0},
        stds={'IoU_std': 1.0},
    )
    page = page_of(dataclasses.replace(full, methods=[nan, full.methods[1]]))
    row, cells = (part[SCORES][1] for part in (page.tables, page.attributes))
    assert row[2:] == ['–52.1', '7.00', '–27.1', '–', '–']
    assert 'data-value' not in cells[2]
    assert cells[3]['data-value'] == '7.0'
    # the other one is the best of one
    assert 'best' not in page.attributes[SCORES][2][2].get('class', '')


def test_published_scores_of_a_subset_get_a_column(full, page_of):
    subset = dataclasses.replace(
        full.methods[0],
        scores={**full.methods[0].scores, 'mIoU_synthia16': 50.0},
        published={'mIoU_synthia16': 60.9},
    )
    page = page_of(dataclasses.replace(full, methods=[subset]))
    head, row = page.tables[SCORES]
    assert head[-1] == 'mIoU_synthia16'
    assert row[-1] == '50.0060.9 (−10.9)'


def test_panoptic_quality_has_columns_and_a_table_of_classes(full, page_of):
    first = full.methods[0]
    quality = {
        'mPQ': 41.23,
        'mSQ': 72.7,
        'mRQ': 53.6,
        'PQ_std': 20.0,
        'mPQ_things': 30.0,
        'mPQ_void_apart': 42.0,
    }
    quality |= {f'{k}.{CLASSES[0]}': 61.5 for k in ('PQ', 'SQ', 'RQ')}
    panoptic = dataclasses.replace(first, scores={**first.scores, **quality})
    content = dataclasses.replace(full, methods=[panoptic, *full.methods[1:]])
    page = page_of(content)
    head, row = page.tables[SCORES][:2]
    assert head[7:] == ['mPQ', 'mSQ', 'mRQ', 'PQ_std']
    assert row[7:] == ['41.23', '72.70', '53.60', '20.00']
    groups = page.tables['Scores over groups of classes'][0]
    assert {'mPQ_things', 'mPQ_void_apart'} <= set(groups)
    assert page.tables['PQ, SQ, RQ of each class'][1][1:4] == ['61.50'] * 3
    assert 'mPQ' not in page_of(full).tables[SCORES][0]


def test_groups_of_classes_have_a_table_of_their_own(full, page_of):
    methods = [
        dataclasses.replace(m, scores={**m.scores, 'mIoU_over': 70.5})
        for m in full.methods
    ]
    page = page_of(dataclasses.replace(full, methods=methods))
    head, first, _ = page.tables['Scores over groups of classes']
    assert head == ['Method', 'Seeds', 'mIoU_over']
    assert first[-1] == '70.50'


def test_differences_and_their_verdicts(full, page_of):
    page = page_of(full)
    head, miou, std = page.tables['Paired differences']
    assert head[:3] == ['Method, less DACS', 'Score', 'Difference']
    assert miou == [
        *('DACS + BLDA', 'mIoU', '+1.44', '', 'better'),
        *('+0.50 to +2.50', '3'),
    ]
    assert std[2:] == ['−1.56', '', '1 pair: no interval', '–', '1']


@pytest.mark.parametrize(
    'key, ends, verdict, colour',
    [
        ('mIoU', (0.1, 2.0, None, None), 'better', MORE),
        ('mIoU', (-2.0, -0.1, None, None), 'worse', LESS),
        ('IoU_std', (-2.0, -0.1, None, None), 'better', MORE),
        ('IoU_std_over', (0.1, 0.2, None, None), 'worse', LESS),
        ('Acc.my_std', (0.1, 0.2, None, None), 'better', MORE),
        ('Bias.road', (0.1, 0.2, None, None), 'more', None),
        ('mIoU', (-0.1, 0.2, None, None), 'includes 0', None),
        ('mIoU', (0.0, 0.2, None, None), 'includes 0', None),
        # of few pairs Student's is the wider one
        ('mIoU', (0.1, 2.0, -1.0, 3.0), 'includes 0', None),
        ('mIoU', (0.1, 2.0, 0.05, 3.0), 'better', MORE),
        ('mIoU', (None,) * 4, '2 pairs: no interval', None),
    ],
)
def test_verdicts(key, ends, verdict, colour):
    low, high, t_low, t_high = ends
    one = Difference('a', 'b', key, 0.15, low, high, 2, t_low, t_high)
    found, ink = judged(one)
    assert found == verdict
    assert colour is None or ink == colour


def test_differences_from_several_methods_name_both(full, page_of):
    differences = [
        Difference('a', 'b', 'mIoU', 1.0, 0.5, 1.5, 3, 0.1, 1.9),
        Difference('a', 'c', 'IoU.sky', -1.0, -3.0, 1.0, 3),
        Difference('c', 'b', 'mIoU', -0.001, -3.0, 1.0, 3),
        Difference('c', 'd', 'mIoU', math.nan, None, None, 3),
        Difference('a', 'c', 'mIoU', 0.5, 0.1, 1.0, 3, -1.0, 2.0),
    ]
    page = page_of(dataclasses.replace(full, differences=differences))
    rows = page.tables['Paired differences']
    assert [row[0] for row in rows] == ['Method', 'a − b', 'c − b', 'a − c']
    assert rows[0][5:7] == ['Bootstrap', "Student's"]
    assert rows[1][6] == '+0.10 to +1.90'
    assert rows[2][2] == '0.00' and rows[2][6] == '–'
    assert rows[3][4] == 'includes 0'
    by_class = page.tables['Paired differences of each class']
    assert [row[1] for row in by_class[1:]] == ['IoU.sky']


def test_classes_with_differences_from_the_baseline(full, page_of):
    page = page_of(full)
    head, road, other, sky = page.tables['IoU, Acc, Bias of each class']
    assert head[:4] == ['Class', 'DACS', 'DACS + BLDA', 'difference']
    assert road[:4] == ['road', '30.00 ± 1.25', '33.00', '+3.00']
    assert other[:4] == [CLASSES[1], '31.00', '30.50', '−0.50']
    assert sky[3] == '0.00'
    assert road[-3:] == ['+1.50', '+1.50', '0.00']
    cells = page.attributes['IoU, Acc, Bias of each class'][1]
    assert cells[3]['data-value'] == '3.0'
    # the largest difference has the full blue
    assert 'background:' in cells[3]['style']
    assert 'style' not in cells[2]


def test_the_baseline_is_that_of_the_differences(full, page_of):
    assert baseline_of(full) == 'DACS'
    turned = [Difference('DACS', 'DACS + BLDA', 'mIoU', -1.44, -2.5, -0.5, 3)]
    content = dataclasses.replace(full, differences=turned)
    assert baseline_of(content) == 'DACS + BLDA'
    page = page_of(content)
    road = page.tables['IoU, Acc, Bias of each class'][1]
    assert road[1:4] == ['30.00 ± 1.25', '33.00', '−3.00']
    assert 'over-predicted by DACS + BLDA (1): road' in page.text
    several = [*turned, Difference('a', 'DACS', 'mIoU', 1, None, None, 1)]
    for differences in ((), several):
        content = dataclasses.replace(full, differences=differences)
        assert baseline_of(content) == 'DACS'


def test_more_methods_are_coloured_by_their_difference(full, page_of):
    methods = [method(f'm{i}', iou=(30 + i, 40, 50 - i)) for i in range(6)]
    methods[3] = dataclasses.replace(methods[3], scores=dict(mIoU=1.0))
    page = page_of(dataclasses.replace(full, methods=methods, differences=()))
    rows = page.tables['IoU of each class']
    # no column of dashes
    assert rows[0] == ['Class', 'm0', 'm1', 'm2', 'm4', 'm5']
    assert rows[1] == ['road', '30.00', '31.00', '32.00', '34.00', '35.00']
    cells = page.attributes['IoU of each class'][1]
    assert 'style' not in cells[1]
    assert all('background' in cell['style'] for cell in cells[2:])
    assert 'difference from m0' in page.text


def test_bias_in_one_number(full, page_of):
    rows = page_of(full).tables['Bias over all classes']
    # 1.5, 0 and -1.5 points
    assert rows[1] == ['DACS', '1.00', '1', '1']


def test_chance_is_told_of_many_intervals(full, page_of):
    one = Difference('a', 'b', 'mIoU', 1.0, 0.5, 1.5, 3)
    for num, told in ((19, ''), (40, 'Of 40 intervals about 2 would')):
        none = [dataclasses.replace(one, low=None, high=None)] * 30
        differences = [one] * num + none
        page = page_of(dataclasses.replace(full, differences=differences))
        assert ('by chance alone' in page.text) == bool(told)
        assert told in page.text
