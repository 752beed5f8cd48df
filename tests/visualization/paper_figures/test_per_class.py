"""Table of scores by class, and which rows are drawn."""

import numpy as np
import pytest

from mmseg_balance.visualization.paper_figures.per_class import (
    ClassScores,
    draw_per_class,
)


def scores(name, mean, std=None, seeds=1):
    mean = np.asarray(mean, float)
    std = np.full(len(mean), np.nan) if std is None else np.asarray(std)
    return ClassScores(name, mean, std, seeds)


def test_table_and_size(rows, size):
    methods = [
        scores('dacs', [10, 80, np.nan]),
        scores('gbw', [20, 79, np.nan], [1.5, 0.5, np.nan], 3),
    ]
    drawn = draw_per_class(methods, ['train', 'road', 'bus'])
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    assert [tuple(r.values()) for r in rows(drawn.tables[''])] == [
        ('train', 'dacs', '10', '', '1', 'yes'),
        ('train', 'gbw', '20', '1.5', '3', 'yes'),
        ('road', 'dacs', '80', '', '1', 'yes'),
        ('road', 'gbw', '79', '0.5', '3', 'yes'),
        ('bus', 'dacs', '', '', '1', 'no'),
        ('bus', 'gbw', '', '', '3', 'no'),
    ]


def test_of_many_classes_those_that_change_most(rows):
    base, changed = np.full(150, 50.0), np.full(150, 50.0)
    changed[20:35], changed[100:115] = 60, 40
    names = [f'c{i}' for i in range(150)]
    methods = [scores('a', base), scores('b', changed)]
    table = rows(draw_per_class(methods, names).tables[''])
    drawn = {r['class'] for r in table if r['drawn'] == 'yes'}
    assert drawn == {f'c{i}' for i in (*range(20, 35), *range(100, 115))}
    assert len(table) == 300


def test_nothing_to_draw():
    with pytest.raises(ValueError, match='no Acc of these classes in dacs'):
        draw_per_class([scores('dacs', [np.nan])], ['a'], 'Acc')
    with pytest.raises(ValueError, match='8 methods: at most 7'):
        draw_per_class([scores('dacs', [1])] * 8, ['a'])
