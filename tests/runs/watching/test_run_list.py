"""Runs below a folder."""

import pytest

from mmseg_balance.runs.watching import run_list
from mmseg_balance.runs.watching.run_list import RunList

FIRST, SECOND = '20261126_080000', '20261126_090000'


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch):
    monkeypatch.setattr(run_list, 'RESCAN', 0)
    monkeypatch.setattr(run_list, 'PATIENCE', 0)


def test_the_newest_first(tmp_path, start_run):
    for i, name in enumerate(('a', 'group/b', 'c')):
        start = start_run(tmp_path / name, FIRST)
        start.train(10)
        start.wrote_at(1000 + (i * 10) % 20)
    found = RunList(tmp_path).glance()
    assert found[0]['id'] == 'group/b'
    assert {run['id'] for run in found} == {'a', 'group/b', 'c'}
    assert found[0]['done'] == 10 and found[0]['total'] == 100


@pytest.mark.parametrize('inner', ['', FIRST, f'{FIRST}/vis_data'])
def test_a_work_folder_or_what_lies_in_it(
    tmp_path, start_run, inner, monkeypatch
):
    start_run(tmp_path / 'mine', FIRST).train(10)
    monkeypatch.chdir(tmp_path / 'mine' / inner)
    for root in (tmp_path / 'mine' / inner, '.'):
        (run,) = RunList(root).glance()
        assert (run['id'], run['name']) == ('.', 'mine')


def test_a_folder_that_appears_later(tmp_path, start_run):
    runs = RunList(tmp_path / 'later')
    assert runs.glance() == [] and runs.get('.') is None
    start = start_run(tmp_path / 'later', FIRST)
    assert runs.glance()[0]['state'] == 'waiting'
    start.train(10)
    assert runs.glance()[0]['state'] == 'running'


def test_tests_are_no_trainings(tmp_path, start_run):
    start_run(tmp_path, FIRST).train(100)
    tested = start_run(tmp_path, SECOND)
    tested.say('Iter(test) [ 1/500]    eta: 0:01:00')
    runs = RunList(tmp_path)
    assert runs.get('.').state()['starts'] == [FIRST]
    tested.log.unlink()
    (tested.folder / f'{SECOND}.json').write_text('{"mIoU": 40.0}')
    assert RunList(tmp_path).get('.').state()['starts'] == [FIRST]


def test_a_start_that_failed_at_once_says_nothing_of_the_run(
    tmp_path, start_run
):
    start = start_run(tmp_path, FIRST, val_cfg='None')
    start.train(100)
    failed = start_run(tmp_path, SECOND)
    failed.say('Traceback')
    (run,) = RunList(tmp_path).glance()
    assert run['state'] == 'waiting'  # it may be about to begin
    failed.wrote_at(1000)
    (run,) = RunList(tmp_path).glance()
    assert run['state'] == 'finished'


def test_folders_without_runs(tmp_path):
    (tmp_path / 'notes.txt').write_text('x')
    with pytest.raises(FileNotFoundError, match='no training in .*expected a'):
        RunList(tmp_path)
    with pytest.raises(NotADirectoryError, match='notes.txt is a file'):
        RunList(tmp_path / 'notes.txt')
