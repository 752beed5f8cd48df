"""Progress on a terminal, in the file of a job, and on other ranks."""

import io
import re
import sys

import pytest
from tqdm import tqdm

from mmseg_balance import progress
from mmseg_balance.files.mapping import map_files
from mmseg_balance.progress import progress_bar, track, track_iterable


class Terminal(io.StringIO):
    """A terminal of 80 columns."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    time = [0.0]
    for kind in (tqdm, progress._Lines):
        monkeypatch.setattr(kind, '_time', lambda self: time[0], raising=False)
    monkeypatch.setattr('tqdm.std.time', lambda: time[0])
    return time


def test_lines_of_a_file(capsys, clock):
    for _ in track(range(40), 'fit source', 'loops'):
        clock[0] += 3
    output = capsys.readouterr()
    assert output.out == '' and '\r' not in output.err
    assert output.err.splitlines() == [
        'fit source: 0/40 loops',
        'fit source: 4/40 loops, 00:12 passed, 01:48 left',
        'fit source: 8/40 loops, 00:24 passed, 01:36 left',
        'fit source: 12/40 loops, 00:36 passed, 01:24 left',
        'fit source: 16/40 loops, 00:48 passed, 01:12 left',
        'fit source: 20/40 loops, 01:00 passed, 01:00 left',
        'fit source: 24/40 loops, 01:12 passed, 00:48 left',
        'fit source: 28/40 loops, 01:24 passed, 00:36 left',
        'fit source: 32/40 loops, 01:36 passed, 00:24 left',
        'fit source: 36/40 loops, 01:48 passed, 00:12 left',
        'fit source: 40/40 loops in 02:00',
    ]


def test_long_passes_say_less_often_how_far_they_are(capsys, clock):
    for _ in track(range(36000), 'predict', 'images'):
        clock[0] += 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == 'predict: 36000/36000 images in 10:00:00'
    assert 100 < len(lines) < 200


def test_what_was_done_before_counts_in_no_estimate(capsys, clock):
    with progress_bar('read', 100, 'images', initial=80) as bar:
        clock[0] += 20
        bar.update(10)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'read: 80/100 images'
    assert lines[1] == 'read: 90/100 images, 00:20 passed, 00:20 left'


def test_a_pass_that_stops_says_where(capsys, clock):
    with pytest.raises(KeyboardInterrupt):
        for part in track_iterable(iter('abcd'), 'read', 4, 'files'):
            clock[0] += 1
            if part == 'c':
                raise KeyboardInterrupt
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith('read: 2/4 files, ')


def test_a_bar_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    assert list(track(range(5), 'fit source', 'loops')) == [*range(5)]
    text = terminal.getvalue()
    assert '\rfit source:   0%' in text
    assert re.search(r'fit source: 100%.+ 5/5 \[', text)


@pytest.mark.parametrize('name', progress.RANKS)
def test_other_ranks_are_silent(monkeypatch, capsys, name):
    monkeypatch.setenv(name, '1')
    assert list(track('ab', 'fit source')) == ['a', 'b']
    assert capsys.readouterr() == ('', '')
    monkeypatch.setenv(name, '0')
    assert list(track('ab', 'fit source')) == ['a', 'b']
    assert 'fit source: 2/2' in capsys.readouterr().err


@pytest.mark.parametrize('nproc', [1, 2])
def test_files_in_processes(capfd, nproc):
    assert map_files(abs, [-1, 2, -3], nproc, 'count') == [1, 2, 3]
    output = capfd.readouterr()
    assert output.out == '' and '\r' not in output.err
    lines = output.err.splitlines()
    assert lines[0] == 'count: 0/3 files'
    assert lines[-1].startswith('count: 3/3 files in ')
