"""A training that is killed and resumed, beside one that is not."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from helpers.comparison import assert_equal, losses
from helpers.paths import ROOT

SECONDS = 600
COMPARED = ('state_dict', 'optimizer', 'param_schedulers')


def resumed_as_whole(
    config: Path,
    folder: Path,
    last: int,
    kill_at: int,
    fork: Callable,
    start: Callable | None = None,
    arguments: tuple = (),
) -> tuple[dict[int, dict], dict]:
    """Train twice, the second time killed and resumed; both are equal.

    Args:
        config: Of the training, which logs each iteration.
        folder: Gets the work folders, ``whole`` and ``killed``.
        last: Its last iteration.
        kill_at: The run is killed when this checkpoint is there.
        fork, start: The fixtures. With ``start`` the run resumes in an
            interpreter of its own, as a user's does.
        arguments: Of ``train.py``.

    Returns:
        Values of the log by iteration, and the last checkpoint.
    """
    whole, killed = folder / 'whole', folder / 'killed'
    train = ('train.py', config, *arguments, '--work-dir')
    _finish(fork(*train, whole))

    process = fork(*train, killed)
    deadline = time.time() + SECONDS
    while not (killed / f'iter_{kill_at}.pth').exists():
        assert process.poll() is None and time.time() < deadline, (
            process.communicate()[0]
        )
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert max(losses(killed)) < last

    if start is None:
        _finish(fork(*train, killed, '--resume'))
    else:
        tool = ('python', ROOT / 'tools' / train[0], *train[1:])
        _finish(start(*tool, killed, '--resume'))
    first = losses(whole)
    assert list(first) == list(range(1, last + 1))
    assert first == losses(killed)  # scores of the last iteration, too
    a, b = (
        torch.load(path / f'iter_{last}.pth', weights_only=True)
        for path in (whole, killed)
    )
    for part in COMPARED:
        assert_equal(a[part], b[part], part)
    return first, a


def _finish(process) -> None:
    output = process.communicate()[0]
    assert process.returncode == 0, output
