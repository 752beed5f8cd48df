"""Functions over many files, in processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmseg_balance.files.mapping import map_files

SLOW = """
import os, sys, time
from pathlib import Path
from mmseg_balance.files.mapping import map_files

def note(i):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(60)

map_files(note, range(8), 2)
"""


def _is_running(pid):
    try:
        status = Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return False
    return 'State:\tZ' not in status


def _wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(not Path('/proc/self').exists(), reason='no /proc')
def test_processes_end_with_the_one_that_was_killed(tmp_path):
    main = subprocess.Popen(
        [sys.executable, '-c', SLOW, tmp_path], stderr=subprocess.DEVNULL
    )
    _wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(p.name) for p in tmp_path.iterdir()]
    assert all(map(_is_running, workers))
    main.send_signal(signal.SIGKILL)
    main.wait()
    try:
        _wait_for(lambda: not any(map(_is_running, workers)))
    finally:
        for pid in filter(_is_running, workers):
            os.kill(pid, signal.SIGKILL)


class _SentOnce:
    """A function that counts how often it is sent to another process."""

    times = 0

    def __call__(self, item):
        return item * 2

    def __reduce__(self):
        _SentOnce.times += 1
        return _SentOnce, ()


def test_the_function_is_not_sent_with_every_file():
    assert map_files(_SentOnce(), range(50), 2) == [2 * i for i in range(50)]
    assert _SentOnce.times <= 2
