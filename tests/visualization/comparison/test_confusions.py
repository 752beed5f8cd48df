"""Confusion matrices: percentages, differences, what is listed."""

import dataclasses

import numpy as np
import pytest
from helpers.html_page import shapes

from mmseg_balance.visualization.comparison.confusions import (
    row_percentages,
    top_confusions,
)
from mmseg_balance.visualization.comparison.drawing.markup import to_html
from mmseg_balance.visualization.comparison.drawing.matrix import class_matrix

from .conftest import CLASSES, method

COUNTS = np.array([[8, 2, 0], [5, 5, 0], [0, 0, 0]])


def test_rows_sum_up_to_100_percent():
    shares = row_percentages(COUNTS)
    assert shares[:2].tolist() == [[80, 20, 0], [50, 50, 0]]
    assert np.isnan(shares[2]).all()


def test_the_largest_off_the_diagonal_are_listed():
    values = np.array([[90.0, -3.0, 1.0], [4.0, 0.0, 0.0], [np.nan] * 3])
    assert top_confusions(values) == [(1, 0, 4.0), (0, 1, -3.0), (0, 2, 1.0)]
    assert top_confusions(values, 1) == [(1, 0, 4.0)]
    assert top_confusions(np.diag([1.0, 2.0])) == []


def test_cells_say_what_they_are():
    html = to_html(
        class_matrix(
            row_percentages(COUNTS), CLASSES, 'x', lambda value: '#ffffff'
        )
    )
    assert 'road found: 80.0 %' in html
    assert 'road taken for a &lt;b&gt; &amp; "c": 20.0 %' in html
    assert 'sky: no labelled pixel' in html
    cells = [r for r in shapes(html, 'rect') if r['fill'] == '#ffffff']
    assert len(cells) == 6
    (grey,) = (r for r in shapes(html, 'rect') if r['fill'] != '#ffffff')
    assert (grey['y'], grey['height'], grey['width']) == ('60', '30', '90')
    # row 0, column 1
    assert (cells[1]['x'], cells[1]['y']) == ('30', '0')


def test_of_many_classes_small_cells_are_left_out():
    values = np.eye(40)
    values[3, 7], values[4, 8] = 0.6, -0.4
    html = to_html(
        class_matrix(values, [f'c{i}' for i in range(40)], 'x', str, True)
    )
    assert len(shapes(html, 'rect')) == 41
    assert 'c3 taken for c7: +0.6 points' in html
    assert not shapes(html, 'text')


def test_matrices_and_differences_are_on_the_page(full, page_of):
    page = page_of(full)
    titles = [c for c in page.tables if c.startswith(('Largest', 'Most'))]
    assert titles == [
        'Largest changes: DACS + BLDA − DACS, points',
        'Most frequent: DACS, percent of each true class',
        'Most frequent: DACS + BLDA, percent of each true class',
    ]
    changes = page.tables[titles[0]]
    # 20 to 50 percent and 10 to 20 percent
    assert changes[1] == [CLASSES[1], 'road', '−30.00']
    assert changes[2] == ['road', CLASSES[1], '−10.00']
    opened = [a for t, a in page.tags if t == 'details']
    assert ['open' in a for a in opened] == [True, False, False]
    assert 'Grey: a class without labels' in page.text


def test_one_matrix_has_no_difference(full, page_of):
    methods = [method('a'), method('b', confusion=COUNTS)]
    page = page_of(dataclasses.replace(full, methods=methods, differences=()))
    assert 'Differences from' not in page.text
    assert [c for c in page.tables if 'true class' in c] == [
        'Most frequent: b, percent of each true class'
    ]


@pytest.mark.parametrize('counts', [np.zeros((3, 3)), COUNTS.tolist()])
def test_odd_counts_are_shown(full, page_of, counts):
    page = page_of(
        dataclasses.replace(full, methods=[method('a', confusion=counts)])
    )
    assert 'confusions' in page.sections
