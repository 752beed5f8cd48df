"""What is read of the files of a run, as they grow."""

import json
import math

import numpy as np
import pytest

from mmseg_balance.runs.watching.curve import thinned
from mmseg_balance.runs.watching.run import Run
from mmseg_balance.runs.watching.scalar_file import ScalarFile
from mmseg_balance.runs.watching.sections import sections_of

FIRST, SECOND = '20261126_080000', '20261126_090000'


def state_of(*starts, **kwargs) -> dict:
    run = Run(starts[0].folder.parent, 'run')
    run.set_sessions([start.folder for start in starts])
    return run.state(**kwargs)


def curves(state: dict) -> dict[str, list]:
    """Points of each curve by its name."""
    return {
        series['name']: [tuple(point) for point in series['points']]
        for part in ('losses', 'scores', 'others')
        for chart in state['values'][part]
        for series in chart['series']
    }


def test_only_new_whole_lines_are_read(tmp_path):
    path = tmp_path / 'scalars.json'
    file = ScalarFile(path)
    assert list(file.read()) == []  # not there yet
    path.write_text('{"loss": 2.5, "step": 1}\n{"loss": 2.')
    assert list(file.read()) == [dict(loss=2.5, step=1)]
    assert list(file.read()) == []
    with path.open('a') as more:
        more.write('25, "step": 2}\n{"cut by a ki\n[1]\n{"step": 3}\n')
    assert list(file.read()) == [dict(loss=2.25, step=2), dict(step=3)]
    assert file.num_unreadable == 2
    path.write_text('{"step": 1}\n')  # another, shorter file
    assert list(file.read()) == [dict(step=1)]
    assert file.was_replaced and file.num_unreadable == 0


@pytest.mark.parametrize('is_seen_empty', [False, True])
def test_a_file_that_is_written_anew(tmp_path, start_run, is_seen_empty):
    """Nothing of the file before it is left, whatever its length."""
    start = start_run(tmp_path, FIRST)
    start.train(10, loss=1.125)
    run = Run(tmp_path, 'run')
    run.set_sessions([start.folder])
    version = run.state()['version']
    start.scalars.write_text('')
    if is_seen_empty:
        run.state(version)
    start.row(loss=2, iter=10, step=10)
    assert curves(run.state(version))['loss'] == [(10, 2)]


def test_lines_longer_than_a_piece(tmp_path, monkeypatch):
    monkeypatch.setattr('mmseg_balance.runs.watching.scalar_file.CHUNK', 7)
    rows = [dict(step=i, loss=i / 7) for i in range(50)]
    path = tmp_path / 'scalars.json'
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    assert list(ScalarFile(path).read()) == rows


def test_values_are_those_of_the_file(tmp_path, start_run):
    start = start_run(tmp_path, FIRST)
    for step in (10, 20):
        start.train(step, **{'src.decode.loss_ce': step / 3, 'lr': 1e-3})
    start.row(
        mIoU=41.25, **{'IoU.sky': 60.5, 'IoU.road': 22.0}, time=9, step=20
    )
    state = state_of(start)
    assert curves(state) == {
        'loss': [(10, 0.1), (20, 0.05)],
        'src.decode.loss_ce': [(10, 10 / 3), (20, 20 / 3)],
        'lr': [(10, 1e-3), (20, 1e-3)],
        'time': [(10, 0.5), (20, 0.5)],  # without that of a validation
        'mIoU': [(20, 41.25)],
    }
    (group,) = state['values']['classes']
    assert group['title'] == 'IoU'
    assert [(v['label'], v['value']) for v in group['values']] == [
        ('sky', 60.5),
        ('road', 22.0),
    ]


def test_nothing_is_repeated_to_who_knows_it(tmp_path, start_run):
    start = start_run(tmp_path, FIRST)
    start.train(10)
    run = Run(tmp_path, 'run')
    run.set_sessions([start.folder])
    version = run.state()['version']
    assert 'values' not in run.state(version)
    start.train(20)
    assert curves(run.state(version))['loss'] == [(10, 0.1), (20, 0.05)]


def test_a_resumed_run_has_no_iteration_twice(tmp_path, start_run):
    first, second = (
        start_run(tmp_path, name, resume=name == SECOND)
        for name in (FIRST, SECOND)
    )
    for step in (10, 20, 30, 40):
        first.train(step, loss=1)
    assert len(curves(state_of(first, second))['loss']) == 4
    for step in (30, 40, 50):  # of the checkpoint of iteration 20
        second.train(step, loss=2)
    expected = [(10, 1), (20, 1), (30, 2), (40, 2), (50, 2)]
    assert curves(state_of(first, second))['loss'] == expected
    # a third that was resumed from further back
    third = start_run(tmp_path, '20261126_100000', resume=True)
    third.train(20, loss=3)
    state = state_of(first, second, third)
    assert curves(state)['loss'] == [(10, 1), (20, 3)]


def test_a_run_that_begins_anew_leaves_the_earlier_one_out(
    tmp_path, start_run
):
    first, second = (start_run(tmp_path, name) for name in (FIRST, SECOND))
    first.train(5)
    first.draw('old_5.png')
    second.train(10)
    state = state_of(first, second)
    assert curves(state)['loss'] == [(10, 0.1)]
    assert state['pictures']['shown'] == []


@pytest.mark.parametrize('step', [0, 1])
def test_scores_that_count_in_epochs_stand_behind_what_was_trained(
    tmp_path, start_run, step
):
    # log_metric_by_epoch of LoggerHook, which stays 0 in iterations
    start = start_run(tmp_path, FIRST)
    start.train(40)
    start.row(mIoU=30.0, step=step)
    start.train(80)
    assert curves(state_of(start))['mIoU'] == [(40, 30.0)]


def test_a_loss_that_is_not_finite_is_said(tmp_path, start_run):
    start = start_run(tmp_path, FIRST)
    start.train(10)
    start.train(20, loss=math.nan)
    start.train(30, loss=math.nan, time=math.inf)
    state = state_of(start)
    assert state['seconds'] == 0.5
    json.dumps(state, allow_nan=False)
    assert curves(state)['loss'] == [(10, 0.1), (20, None), (30, None)]
    assert state['notes'] == ['loss is nan since iteration 20']


@pytest.mark.parametrize(
    'line',
    [
        '{"loss": 1, "step": Infinity}',
        '{"loss": 1, "step": NaN}',
        '{"loss": 1, "step": -3}',
        '{"loss": 1, "step": 1e300}',
        '{"loss": 1, "step": "7"}',
        '{"loss": 1}',
        '{"loss": %s, "step": 7}' % ('9' * 400),
        '{"loss": [1], "name": "x", "is_best": true, "step": 7}',
        'null',
    ],
)
def test_lines_of_anything(tmp_path, start_run, line):
    start = start_run(tmp_path, FIRST)
    start.train(10)
    start.write(f'{line}\n')
    start.train(20)
    assert curves(state_of(start))['loss'] == [(10, 0.1), (20, 0.05)]


def test_a_file_that_may_not_be_read_is_named(
    tmp_path, start_run, monkeypatch
):
    start = start_run(tmp_path, FIRST)
    start.train(10)

    def refused(self, *args, **kwargs):
        raise PermissionError(13, 'Permission denied', str(self))

    monkeypatch.setattr(type(tmp_path), 'open', refused)
    (note,) = state_of(start)['notes']
    assert note == f'{start.scalars} cannot be read: Permission denied'


def test_a_file_of_an_error_is_named(tmp_path, start_run):
    start = start_run(tmp_path, FIRST)
    (tmp_path / 'error_20261126_080100_7.txt').write_text('Traceback ...')
    (note,) = state_of(start)['notes']
    assert 'error_20261126_080100_7.txt' in note


def test_thinned_curves_keep_real_points_and_peaks():
    rng = np.random.default_rng(0)
    steps, values = np.arange(1, 160001), rng.normal(size=160000)
    values[77777], values[123456] = 99, -99
    values[5:9] = np.nan
    points = thinned(steps, values, num_buckets=50)
    assert len(points) <= 2 * 50 + 3
    assert [p[0] for p in points] == sorted({p[0] for p in points})
    assert (77778, 99.0) in points and (123457, -99.0) in points
    assert (6, None) in points
    assert points[0][0] == 1 and points[-1] == (160000, values[-1])
    for step, value in points:
        assert value is None or value == values[step - 1]


def test_scalars_by_section():
    names = [
        'loss',
        'src.decode.loss_ce',
        'src.decode.acc_seg',
        'src.loss_feature_distance',
        'mix.decode.loss_ce',
        'mix.decode.acc_seg',
        'mix.confident',
        'student.lr',
        'student.base_lr',
        'pseudo.share.sky',
        'pseudo.share.St. Mary',
        'mIoU',
        'IoU_std',
        'Acc.sky',
        'Acc.traffic light',
        'dusk/IoU.sky',
        'dusk/IoU.road',
        'dusk/mIoU',
        'dusk/IoU_std',
        'weight.decode_head.all/sky',
        'weight.decode_head.all/St. Mary/left',
        'weight.decode_head.all/glossy floor',
        'f1',
        'mIoU_over',
        'IoU_std_over',
    ]
    found = sections_of(names, names[11:])
    assert found.losses == {
        'sum': ['loss'],
        'src': ['src.decode.loss_ce', 'src.loss_feature_distance'],
        'mix': ['mix.decode.loss_ce'],
    }
    assert found.scores == {
        'scores (%)': ['mIoU', 'dusk/mIoU'],
        'std over classes (points)': ['IoU_std', 'dusk/IoU_std'],
        'scores': ['f1'],
        'scores (%), over': ['mIoU_over'],
        'std over classes (points), over': ['IoU_std_over'],
    }
    assert {k: list(v) for k, v in found.classes.items()} == {
        'pseudo.share': ['sky', 'St. Mary'],
        'Acc': ['sky', 'traffic light'],
        'dusk/IoU': ['sky', 'road'],
        'weight.decode_head.all': ['sky', 'St. Mary/left', 'glossy floor'],
    }
    assert found.others['acc_seg (%)'] == [
        'src.decode.acc_seg',
        'mix.decode.acc_seg',
    ]
    assert sorted(found.others) == [
        'acc_seg (%)',
        'base_lr',
        'confident',
        'lr',
    ]


def test_panoptic_scores_are_among_scores():
    names = ['mIoU', 'mPQ', 'mSQ', 'PQ_std', 'mPQ_things', 'mRQ_void_apart']
    found = sections_of([*names, 'PQ.sky', 'PQ.road'], names)
    assert found.scores == {
        'scores (%)': ['mIoU', 'mPQ', 'mSQ'],
        'std over classes (points)': ['PQ_std'],
        'scores (%), things': ['mPQ_things'],
        'scores (%), void_apart': ['mRQ_void_apart'],
    }
    assert list(found.classes['PQ']) == ['sky', 'road']
    assert not found.others


def test_no_chart_has_more_curves_than_there_are_colours():
    names = [f'src.head_{i}.loss_ce' for i in range(10)]
    charts = sections_of(names, ()).losses
    assert charts == {'src': names[:8], 'src (2)': names[8:]}
