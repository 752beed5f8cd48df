"""Where bars, marks and lines lie."""

import math

import numpy as np
import pytest
from helpers.html_page import percent, shapes

from mmseg_balance.visualization.comparison.class_charts import by_spread
from mmseg_balance.visualization.comparison.curves import chosen_keys
from mmseg_balance.visualization.comparison.drawing import line_chart
from mmseg_balance.visualization.comparison.drawing.class_chart import (
    Series,
    class_chart,
)
from mmseg_balance.visualization.comparison.drawing.colours import (
    difference_colour,
    ink_on,
    method_colour,
    share_colour,
)
from mmseg_balance.visualization.comparison.drawing.markup import to_html

from .conftest import CLASSES, PALETTE, curve, method


def chart(series, order=(0, 1, 2), both_sides=False):
    return to_html(
        class_chart(CLASSES, PALETTE, series, order, '%', both_sides)
    )


def test_bars_are_as_long_as_their_values():
    low = Series('low', 0, [20.0, 0.0, None], [None, 3.0, None])
    high = Series('high', 1, [80.0, 50.0, 40.0], [5.0, None, None])
    html = chart([low, high])
    bars = shapes(html, 'rect')
    blue = [b for b in bars if b['fill'] == method_colour(0)]
    orange = [b for b in bars if b['fill'] == method_colour(1)]
    assert len(blue) == 2 and len(orange) == 3
    assert percent(orange[0]['width']) / percent(blue[0]['width']) == 4
    assert percent(blue[0]['x']) == 0
    # 75 to 85
    (whisker,) = (
        line
        for line in shapes(html, 'line')
        if line.get('stroke') == '#000' and percent(line['x1']) > 1
    )
    ratio = percent(whisker['x2']) / percent(orange[0]['width'])
    assert ratio == pytest.approx(85 / 80, rel=1e-3)
    assert 'none' in html and 'road, high: 80.00 ± 5.00 %' in html


def test_bars_of_a_bias_go_to_both_sides():
    html = chart([Series('a', 0, [10.0, -5.0, 0.0], [None] * 3)], (1, 0), True)
    left, right = shapes(html, 'rect')
    zero = percent(right['x'])
    assert percent(left['x']) + percent(left['width']) == pytest.approx(
        zero, abs=0.02
    )
    ratio = percent(right['width']) / percent(left['width'])
    assert ratio == pytest.approx(2, rel=1e-3)
    assert '−5.0' in html and '+10.0' in html


def test_an_error_bar_does_not_leave_100_percent():
    html = chart([Series('a', 0, [99.0, 50.0, 1.0], [9.0] * 3)])
    assert max(
        percent(line['x2']) for line in shapes(html, 'line')
    ) == pytest.approx(100)


def test_more_than_four_methods_are_marks_in_lanes():
    series = [
        Series(f'm{i}', i, [10.0 * i, 50.0, 50.0], [None] * 3)
        for i in range(9)
    ]
    html = chart(series, order=(0,))
    assert not shapes(html, 'rect')
    places = [s for s in shapes(html, 'svg') if s.get('class') == 'place']
    xs = [percent(s['x']) for s in places]
    assert xs == pytest.approx([i * xs[-1] / 8 for i in range(9)], abs=0.01)
    assert len({s['y'] for s in places}) == 9
    # 9 methods, 7 colours: another mark
    marks = {(p['d'], p['fill']) for p in shapes(html, 'path')}
    assert len(marks) == 9


def test_classes_that_differ_most_come_first():
    first = Series('a', 0, [10.0, None, 30.0, None], [None] * 4)
    second = Series('b', 1, [12.0, 5.0, 20.0, None], [None] * 4)
    assert by_spread([first, second]) == [2, 0, 1, 3]


def lines_of(html):
    """Points of each line that has more than two."""
    return [
        np.array([list(map(float, p.split())) for p in a['d'][1:].split('L')])
        for a in shapes(html, 'path')
        if a.get('class') == 'line' and 'L' in a['d']
    ]


def test_lines_go_where_their_values_are():
    a, b = curve(4.0, 2.0, 3.0), curve(1.0, 2.0)
    html = to_html(
        line_chart.line_chart([('a', 0, a), ('b', 1, b)], 'loss', 'iteration')
    )
    first, second = lines_of(html)
    # px of a value: room of 5 percent at both ends of 1 to 4
    place = {v: 220 - 208 * (v - 0.85) / 3.3 for v in (1.0, 2.0, 3.0, 4.0)}
    wanted = [place[4.0], place[2.0], place[3.0]]
    assert first[:, 1] == pytest.approx(wanted, abs=0.1)
    assert second[:, 1] == pytest.approx([place[1.0], place[2.0]], abs=0.1)
    assert first[:, 0] == pytest.approx([48, 209, 370], abs=0.1)
    # between 10 and 30 iterations
    assert '>15<' in html and '>3<' in html
    assert 'logarithmic' not in html


def test_an_axis_is_logarithmic_over_more_than_two_decades():
    points = curve(100.0, 10.0, 0.1)
    html = to_html(line_chart.line_chart([('a', 0, points)], 'l', 'i'))
    (line,) = lines_of(html)
    assert 'logarithmic' in html
    top, middle, bottom = line[:, 1]
    assert (middle - top) / (bottom - top) == pytest.approx(1 / 3, abs=1e-3)
    assert 12 < top < bottom < 220
    for points in (curve(100.0, 0.0), curve(5.0, 5.0), [(7, 1.0)]):
        assert 'logarithmic' not in to_html(
            line_chart.line_chart([('a', 0, points)], 'l', 'i')
        )


def test_many_points_are_averaged_in_groups():
    values = np.random.default_rng(0).normal(size=1003).tolist()
    points = [(i, v) for i, v in enumerate(values)]
    points[5] = (5, math.nan)
    thin = line_chart.thin(points)
    assert len(thin) <= line_chart.MOST_POINTS
    assert thin[0] == (4, pytest.approx(np.mean(values[:5])))
    assert thin[-1][0] == 1002
    assert line_chart.thin(points[:3]) == points[:3]


def test_names_of_lines_do_not_overlap():
    assert line_chart.spread([50, 51, 10], 13, 0, 100) == [50, 63, 10]
    assert line_chart.spread([99, 98, 97], 10, 0, 100) == [100, 90, 80]
    many = line_chart.spread([5.0] * 30, 13, 0, 100)
    assert many[0] == pytest.approx(0) and many[-1] == pytest.approx(100)
    assert line_chart.shortened('x' * 22) == 'x' * 22
    assert line_chart.shortened('dacs_blda_r101_40k_tau0.5') == (
        'dacs_blda_…_40k_tau0.5'
    )


def test_panels_are_chosen():
    classes = [f'class{i}' for i in range(30)]
    noise = {f'pseudo.share/{c}': curve(0.1, 0.2) for c in classes}
    curves = {
        'lr': curve(1.0, 0.5),
        'time': curve(1.0, 0.5),
        'b/loss_ce': curve(2.0, 1.0),
        # all of the loss
        'decode.loss_ce': curve(3.0, 2.0),
        'constant': curve(1.0, 1.0),
        'loss': curve(3.0, 2.0),
        'val/mAcc': curve(1.0, 3.0),
        'val/IoU.road': curve(1.0, 2.0),
        'val/mIoU': curve(1.0, 2.0),
        'broken': curve(math.nan, math.nan),
    }
    keys = chosen_keys([method('a', curves=curves)], CLASSES)
    assert keys == ['val/mIoU', 'val/mAcc', 'loss', 'b/loss_ce']
    more = {f'loss_{i}': curve(1.0, 2.0 + i) for i in range(9)}
    scores = {f'set{i}/mIoU': curve(3.0, 4.0 + i) for i in range(9)}
    keys = chosen_keys([method('a', curves=noise | scores | more)], classes)
    assert keys == [
        *('set0/mIoU', 'set1/mIoU', 'loss_0', 'loss_1', 'loss_2', 'loss_3')
    ]


def test_colours_go_from_white_to_full():
    assert difference_colour(0.0, 5.0) == '#ffffff'
    assert difference_colour(1.0, 0.0) == '#ffffff'
    more, less = difference_colour(5.0, 5.0), difference_colour(-5.0, 5.0)
    assert int(more[5:], 16) > int(more[1:3], 16)
    assert int(less[5:], 16) < int(less[1:3], 16)
    assert difference_colour(9.0, 5.0) == more
    assert ink_on(share_colour(1.0)) == '#fff'
    assert ink_on(share_colour(0.0)) == '#000'
