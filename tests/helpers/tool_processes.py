"""Tools in processes of their own, without the imports of each.

An interpreter that imports torch and MMSegmentation takes longer than a tiny
training. A server imports them once and forks. What a fork shares with its
siblings is the order in which sets are gone through: where two runs are to be
equal, one of them has an interpreter of its own.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from multiprocessing import forkserver
from pathlib import Path

from helpers.paths import ROOT

FORKS = multiprocessing.get_context('forkserver')
PATHS = [str(ROOT / folder) for folder in ('', 'tests', 'tools/benchmarks')]


class ToolProcess:
    """A forked process that runs a tool; used like ``subprocess.Popen``.

    Args:
        script: The tool.
        *words: Its arguments.
        log: File that takes what it prints.
        **env: Variables of its environment; ``PYTHONPATH`` counts.
    """

    def __init__(self, script: Path, *words, log: Path, **env: str) -> None:
        self.log = log
        words = [str(word) for word in (script, *words)]
        self._serve()
        self.process = FORKS.Process(target=_run, args=(words, log, env))
        self.process.start()

    @staticmethod
    def _serve() -> None:
        """Start the server unless it runs."""
        FORKS.set_forkserver_preload(['helpers.tool_imports'])
        before = dict(os.environ)
        # Python before 3.13 does not hand the server sys.path
        own = before.get('PYTHONPATH')
        paths = os.pathsep.join([*PATHS, *([own] if own else [])])
        os.environ.update(PYTHONPATH=paths, OMP_NUM_THREADS='1')
        try:
            forkserver.ensure_running()
        finally:
            os.environ.clear()
            os.environ.update(before)

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def communicate(self) -> tuple[str, None]:
        """Wait for its end; what it printed."""
        self.process.join()
        return self.log.read_text(), None


def _run(words: list[str], log: Path, env: dict[str, str]) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.environ.update(env)
    sys.argv = words
    paths = env.get('PYTHONPATH', '').split(os.pathsep)
    sys.path[:0] = [os.path.dirname(words[0]), *filter(None, paths)]
    runpy.run_path(words[0], run_name='__main__')
