"""A command that ends with the program that has started it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence


def run_to_end(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command, and wait until it has saved what it has.

    Ctrl-C reaches it by the terminal. SIGTERM, which would end this program
    alone, is passed on: else a training would go on beside the one that the
    repeated command starts in its folder.

    Args:
        command: Its words.
        env: All of its environment variables.

    Returns:
        Its status, negative where a signal has ended it.

    Raises:
        KeyboardInterrupt: Ctrl-C; the command has ended.
    """
    process = subprocess.Popen(command, env=env)
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
