"""What becomes of a command when the program that waits for it is ended."""

import os
import signal
import sys
from threading import Timer

import pytest

from mmseg_balance.runs.reproduction.child_process import run_to_end


def test_sigterm_ends_the_command_and_not_this_program():
    before = signal.getsignal(signal.SIGTERM)
    timer = Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    code = run_to_end(
        [sys.executable, '-S', '-c', 'import time; time.sleep(60)'], os.environ
    )
    timer.join()
    assert code == -signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize('code', [0, 3])
def test_status_and_variables(code):
    env = os.environ | dict(STATUS=str(code))
    command = 'import os; raise SystemExit(int(os.environ["STATUS"]))'
    assert run_to_end([sys.executable, '-S', '-c', command], env) == code
