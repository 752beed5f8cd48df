"""Where a run is, and how long it takes."""

import os

import pytest

from mmseg_balance.runs.watching.config_facts import read_facts
from mmseg_balance.runs.watching.progress import progress_of
from mmseg_balance.runs.watching.session import Session

NAME, NOW = '20261126_080000', 1_000_000.0


def progress(start, age: float = 1):
    start.wrote_at(NOW - age)
    session = Session(start.folder)
    session.update()
    return progress_of(session, start.folder.parent, NOW)


def test_running(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    for step, time in ((10, 9.0), (20, 0.4), (30, 0.6), (40, 0.5)):
        start.train(step, time=time)
    found = progress(start, age=2)
    assert (found.state, found.done, found.total) == ('running', 40, 100)
    # 60 iterations of the median, less what has passed since the last line
    assert found.seconds == 0.6
    assert found.seconds_left == pytest.approx(60 * 0.6 - 2)


def test_nothing_logged_yet_then_silence(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    assert progress(start).state == 'waiting'
    start.say('Load checkpoint from ...')
    assert progress(start, age=100).state == 'waiting'
    assert progress(start, age=1000).state == 'silent'


def test_killed(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    for step in (10, 20):
        start.train(step)
    found = progress(start, age=720)
    assert (found.state, found.silent_for) == ('silent', 720)
    assert found.seconds_left is None


def test_slow_runs_are_given_the_time_they_need(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    for step in (10, 20):
        start.train(step, time=30.0)
    assert progress(start, age=720).state == 'running'
    assert progress(start, age=3000).state == 'silent'


def test_validating_then_finished(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    start.train(100)
    assert progress(start).state == 'running'  # its validation is to come
    start.say('Iter(val) [ 50/500]    eta: 0:00:45  time: 0.1  ')
    found = progress(start)
    assert (found.state, found.validation) == ('validating', '50/500')
    assert found.seconds_left == 0
    start.say('Iter(val) [500/500]    mIoU: 40.0  data_time: 0.1  time: 0.1')
    assert progress(start).state == 'finished'


def test_finished_without_validation(tmp_path, start_run):
    start = start_run(tmp_path, NAME, val_cfg='None')
    start.train(100)
    assert progress(start).state == 'finished'


def test_finished_behind_the_last_line_of_the_log(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    start.train(75)
    pointer = tmp_path / 'last_checkpoint'
    pointer.write_text('/of/another/machine/iter_100.pth')
    assert progress(start, age=300).state == 'finished'
    assert progress(start, age=300).done == 100
    os.utime(pointer, (NOW - 5000, NOW - 5000))  # of an earlier training
    assert progress(start, age=300).state == 'silent'


def test_epochs(tmp_path, start_run):
    start = start_run(tmp_path, NAME, length='max_epochs=4, by_epoch=True')
    start.row(loss=1.0, epoch=2, iter=10, step=35, time=2.0)
    start.say('Epoch(train)  [2][10/25]  lr: 1e-3  eta: 0:02:10  time: 2.0')
    found = progress(start)
    assert (found.done, found.total) == (35, 100)
    assert found.seconds_left == pytest.approx(65 * 2 - 1)
    start.say('Epoch(val)  [2][ 5/50]    eta: 0:00:05  time: 0.1')
    assert progress(start).validation == '5/50'


def test_a_run_without_a_readable_config(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    start.train(10)
    (start.data / 'config.py').write_text('train_cfg = dict(')
    assert progress(start).total == 100  # as the log says
    start.log.unlink()
    found = progress(start)
    assert (found.state, found.total, found.seconds_left) == (
        'running',
        None,
        None,
    )


def test_configs_are_not_executed(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "open('made', 'w')\ntrain_cfg = dict(max_iters=7, a=exit())\n"
        'resume = True\nval_cfg = None\n'
    )
    facts = read_facts(path)
    assert (facts.max_iters, facts.max_epochs) == (7, None)
    assert facts.resume is True and facts.validates is False
