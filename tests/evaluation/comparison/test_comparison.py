"""What a comparison refuses, what it notes, and how it is written."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest

from mmseg_balance.cli import compare as command
from mmseg_balance.evaluation.comparison import report as report_module
from mmseg_balance.evaluation.comparison import runs as runs_module
from mmseg_balance.evaluation.comparison.comparison import Published, compare
from mmseg_balance.evaluation.comparison.formats import Table, latex, markdown
from mmseg_balance.evaluation.comparison.report import report
from mmseg_balance.evaluation.comparison.runs import ScoredRun, by_method

CLASSES = ('road', 'car')


def run(method, seed, miou, **changes):
    scores = dict(mIoU=miou, mAcc=miou + 10, IoU_std=3.0, Acc_std=4.0)
    scores |= {'IoU.road': miou + 5, 'IoU.car': miou - 5, 'Bias.car': -1.0}
    settings = dict(classes=CLASSES, origin=f'{method}{seed}.json')
    return ScoredRun(method, seed, scores, **settings | changes)


@pytest.fixture
def two_methods():
    plain = [run('plain', s, v) for s, v in ((1, 42.0), (0, 40.0), (2, 44.0))]
    return [*plain, run('blda', 0, 41.0), run('blda', 1, 44.0)]


def test_methods_in_order_and_seeds_sorted(two_methods):
    found = compare(two_methods)
    assert [m.name for m in found.methods] == ['plain', 'blda']
    assert found.methods[0].seeds == (0, 1, 2)
    assert found.methods[0].scores['mIoU'].mean == 42.0
    assert found.classes == CLASSES
    differences = {d.key: d for d in found.differences}
    assert differences['mIoU'].values == (1.0, 2.0)
    assert differences['IoU.car'].mean == 1.5
    assert {d.baseline for d in found.differences} == {'plain'}
    other = compare(two_methods, baseline='blda')
    assert other.differences[0].mean == -1.5
    with pytest.raises(ValueError, match="no method 'x'.*'plain', 'blda'"):
        compare(two_methods, baseline='x')


def test_all_pairs(two_methods):
    runs = [*two_methods, run('gbw', 0, 30.0)]
    found = compare(runs, all_pairs=True)
    pairs = dict.fromkeys((d.method, d.baseline) for d in found.differences)
    assert list(pairs) == [
        ('blda', 'plain'),
        ('gbw', 'plain'),
        ('gbw', 'blda'),
    ]


def test_what_does_not_go_together():
    with pytest.raises(ValueError, match='a has seed 1 twice: a1.json and b'):
        by_method([run('a', 1, 1.0), run('a', 1, 2.0, origin='b.json')])
    # unknown seeds may be any
    assert by_method([run('a', None, 1.0), run('a', None, 2.0)])
    others = [
        (dict(classes=(*CLASSES, 'sky')), '2 and 3 classes'),
        (dict(classes=('road', 'bus')), "class 1 is 'car' and 'bus'"),
    ]
    for changes, message in others:
        with pytest.raises(ValueError, match='a0.json and b0.json are of dif'):
            compare([run('a', 0, 1.0), run('b', 0, 1.0, **changes)])
        with pytest.raises(ValueError, match=message):
            compare([run('a', 0, 1.0), run('b', 0, 1.0, **changes)])


def test_classes_of_scores_alone():
    first = ScoredRun('a', 0, {'mIoU': 1.0, 'IoU.x': 1.0, 'Acc.y': 1.0})
    # y may not be labelled there
    second = ScoredRun('b', 0, {'mIoU': 1.0, 'IoU.x': 1.0})
    assert compare([first, second]).classes == ('x', 'y')
    third = ScoredRun('c', 0, {'mIoU': 1.0, 'IoU.x': 1.0, 'IoU.z': 2.0})
    with pytest.raises(ValueError, match=r'different classes \(one alone h'):
        compare([first, third])
    assert compare([ScoredRun('a', 0, dict(mIoU=1.0))]).classes == ()


def test_notes(two_methods):
    single = compare([run('plain', 0, 1.0), run('blda', 3, 2.0)])
    text = '\n'.join(single.notes)
    assert 'one seed, so no spread, of each method: a difference' in text
    assert 'no seed in common with plain, so no difference: blda' in text
    assert not single.differences
    unknown = compare([run('a', None, 1.0), run('a', 1, 2.0)])
    assert 'seed is not known, in the means and in no pair: a' in (
        '\n'.join(unknown.notes)
    )
    mixed = compare([*two_methods, run('c', 0, 1.0)])
    assert 'one seed, so no spread, of c: a' in '\n'.join(mixed.notes)
    copied = compare([run('a', 0, 1.0), run('a', 1, 1.0)])
    assert 'seeds 0 and 1 have the same scores in every digit; is a1.json' in (
        '\n'.join(copied.notes)
    )
    lacking = run('a', 1, 5.0)
    scores = {k: v for k, v in lacking.scores.items() if k != 'IoU.car'}
    scores['mAcc'] = math.nan
    lacking = ScoredRun('a', 1, scores, CLASSES)
    (line,) = compare([run('a', 0, 1.0), lacking]).notes
    assert 'no number for IoU.car in 1 of 2, mAcc in 1 of 2 runs' in line
    assert not compare(two_methods).notes


def test_markdown(two_methods):
    published = {'blda': Published(dict(mIoU=54.7), 'BLDA Table 1')}
    found = compare(two_methods, published=published, notes=['a note'])
    text = report(found, 'md', ['IoU', 'Bias'])
    lines = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('|')
    ]
    assert lines[2][:2] == ['plain', '42.0 +- 2.0'] and lines[2][-1] == '3'
    assert lines[3][1] == '42.5 +- 2.1'
    assert lines[4][:3] == ['blda, published', '54.7', '-']
    assert ['car', '37.0 +- 2.0', '37.5 +- 2.1'] in lines
    assert ['car', '-1.0 +- 0.0', '-1.0 +- 0.0'] in lines
    ends = ['+1.5', '[+1.0, +2.0]', '[-4.9, +7.9]', '2']
    assert ['blda - plain', 'mIoU', *ends] in lines
    assert '\n- a note' in text and 'blda: BLDA Table 1' in text
    assert 'too narrow, so take the t interval' in text
    # the columns stand below each other
    widths = [len(line) for line in text.splitlines() if line[:1] == '|']
    assert widths[0] == widths[1] == widths[2] == widths[3]


def panoptic_run(method, seed, mpq, void='apart'):
    """Scores of segments beside those of classes."""
    own = run(method, seed, 40.0)
    scores = {
        'mPQ': mpq,
        'mSQ': 70.0,
        'mRQ': 50.0,
        'PQ_std': 20.0,
        'PQ.road': 60.0,
        'PQ.car': mpq - 10,
        'mPQ_void_apart': mpq,
        'mPQ_void_as_road': mpq - 1.0,
    }
    if void == 'as_road':
        scores |= {'mPQ_void_apart': mpq + 1.0, 'mPQ_void_as_road': mpq}
    return replace(own, scores={**own.scores, **scores})


def test_panoptic_quality_has_columns_where_there_is_such(two_methods):
    runs = [panoptic_run('edaps', s, 30.0 + s) for s in (0, 1)]
    runs += [panoptic_run('gbw', s, 33.0 + 2 * s) for s in (0, 1)]
    text = report(compare(runs), 'md', ['PQ'])
    assert 'IoU_std, Acc_std and PQ_std are over classes' in text
    assert '30.5 +- 0.7' in text
    cells = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in text.splitlines()
    ]
    heads = next(row for row in cells if row[:1] == ['Method'])
    assert heads[5:] == ['aAcc', 'mPQ', 'mSQ', 'mRQ', 'PQ_std', 'Seeds']
    # of seeds 0 and 1: 3 and 4
    assert ['gbw - edaps', 'mPQ', '+3.5'] in [row[:3] for row in cells]
    assert ['road', '60.0 +- 0.0', '60.0 +- 0.0'] in cells
    differences = {d.key: d.values for d in compare(runs).differences}
    assert differences['PQ.car'] == (3.0, 4.0)
    plain = report(compare(two_methods), 'md')
    assert 'mPQ' not in plain and 'IoU_std and Acc_std are over' in plain


def test_two_readings_of_void_are_not_compared_unsaid():
    ours, public = panoptic_run('a', 0, 30.0), panoptic_run('b', 0, 31.0)
    assert not [n for n in compare([ours, public]).notes if 'void' in n]
    public = panoptic_run('b', 0, 31.0, 'as_road')
    [note] = [n for n in compare([ours, public]).notes if 'void' in n]
    assert 'apart in a' in note and 'part of road in b' in note


def test_csv_has_a_row_for_each_score(two_methods):
    found = compare(two_methods, all_pairs=True)
    rows = list(csv.DictReader(io.StringIO(report(found, 'csv'))))
    assert len(rows) == 2 * 7
    row = next(
        r for r in rows if (r['method'], r['score']) == ('blda', 'mIoU')
    )
    assert float(row['mean']) == 42.5 and row['seeds'] == '2'
    assert float(row['difference']) == 1.5 and row['pairs'] == '2'
    assert float(row['bootstrap_low']) == 1.0
    assert float(row['t_high']) == pytest.approx(7.8531, abs=1e-4)
    plain = next(r for r in rows if r['score'] == 'Bias.car')
    assert plain['difference'] == plain['baseline'] == ''


def test_json_is_all_and_valid(two_methods):
    broken = run('blda', 2, math.nan)
    found = json.loads(report(compare([*two_methods, broken]), 'json'))
    blda = found['methods'][1]
    assert blda['seeds'] == [0, 1, 2] and blda['scores']['mIoU']['seeds'] == 2
    assert blda['runs'][2]['scores']['mIoU'] is None
    assert found['differences'][0]['values'] == [1.0, 2.0]
    assert found['classes'] == list(CLASSES)


def test_latex_escapes():
    table = Table('t', ('Method', 'IoU_std'), [('a_b & 50 % [x]', '-0.5')])
    text = latex(table)
    assert r'a\_b \& 50 \% [x] & $-$0.5 \\' in text
    assert r'Method & IoU\_std \\' in text
    assert r'\begin{tabular}{lr}' in text and r'\toprule' in text
    row = latex(Table('t', ('A', 'B'), [('[x]', '1.0 +- 0.5')]))
    assert r'{}[x] & 1.0 $\pm$ 0.5 \\' in row
    row = latex(Table('t', ('A', 'B'), [('x', '[-0.5, +0.1]')]))
    assert r'x & [$-$0.5, +0.1] \\' in row


def test_a_bar_in_a_name_is_no_column():
    text = markdown(Table('t', ('A', 'B'), [('x|y', '1')]))
    assert text.splitlines()[2].startswith('| x\\|y |')


def test_the_command_offers_what_there_is():
    assert command.FORMATS == report_module.FORMATS
    assert command.CLASS_SCORES == runs_module.CLASS_SCORES
