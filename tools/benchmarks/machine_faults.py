"""Faults of the machine around a run: disk, folders, a lost rank.

Each function takes the folder of a whole run (``config.py``, ``whole``), the
data and the number of iterations, and returns what was seen.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from fault_cases import write_config
from forked_runs import ROOT, difference, start, wait

from mmseg_balance.runs.work_dir import latest_checkpoint

DISK = '7m'  # holds a few checkpoints of 2 MB
RANK_RUNS = 3


def damaged_checkpoints(work_dir: Path) -> list[str]:
    """Names of the checkpoints that cannot be read, and of other leftovers."""
    damaged = []
    for file in sorted(work_dir.glob('*.pth*')):
        try:
            torch.load(file, weights_only=True, map_location='cpu')
        except Exception:  # noqa: BLE001  (whatever a cut file raises)
            damaged.append(file.name)
    return damaged


def resume_to_the_end(folder: Path, work_dir: Path, iters: int) -> str | None:
    """Go on with a run, and compare it with the whole one.

    Returns:
        Where they differ or how the resumed run failed; None where neither.
    """
    log = folder / 'resumed.log'
    config = folder / 'config.py'
    options = ('--work-dir', work_dir, '--resume')
    code = wait(start('train.py', config, *options, log=log))
    if code:
        return f'--resume ended with {code}: {last_line(log)}'
    return difference(folder / 'whole', work_dir, iters)


def last_line(log: Path) -> str:
    """What a tool said last, without the paths of this machine."""
    lines = [x for x in log.read_text().splitlines() if x.strip()]
    said = lines[-1] if lines else ''
    return re.sub(r'(/[^\s:/,\']+){2,}/', '', said)


@contextlib.contextmanager
def mounted(*arguments: object) -> Iterator[None]:
    """Mount a file system; the last argument is where."""
    subprocess.run(['mount', *map(str, arguments)], check=True)
    try:
        yield
    finally:
        subprocess.run(['umount', str(arguments[-1])], check=True)


def full_disk(folder: Path, data: Path, iters: int) -> dict:
    """All checkpoints are kept on a disk that holds a few of them."""
    disk = folder / 'disk'
    disk.mkdir()
    config = write_config(
        folder / 'keep_all.py',
        data,
        'dacs+blda',
        iters,
        val_interval=iters // 2,
        interval=1,
        keep=-1,
    )
    log = folder / 'disk.log'
    with mounted('-t', 'tmpfs', '-o', f'size={DISK}', 'tmpfs', disk):
        work_dir = disk / 'run'
        code = wait(start('train.py', config, '--work-dir', work_dir, log=log))
        left = latest_checkpoint(work_dir)
        damaged = damaged_checkpoints(work_dir)
        # the user moves the run to a larger disk
        larger = folder / 'larger'
        shutil.copytree(disk / 'run', larger / 'run')
    return dict(
        exit_code=code,
        said=last_line(log),
        resumed_from=left.name if left else None,
        damaged=damaged,
        difference=resume_to_the_end(folder, larger / 'run', iters),
    )


def read_only_work_dir(folder: Path, data: Path, iters: int) -> dict:
    """The work folder cannot be written."""
    frozen, log = folder / 'frozen', folder / 'frozen.log'
    frozen.mkdir()
    with mounted('-t', 'tmpfs', '-o', 'ro', 'tmpfs', frozen):
        code = wait(
            start(
                'train.py',
                folder / 'config.py',
                '--work-dir',
                frozen / 'run',
                log=log,
            )
        )
    return dict(exit_code=code, said=last_line(log))


def read_only_data(folder: Path, data: Path, iters: int) -> dict:
    """The data cannot be written."""
    log, work_dir = folder / 'data.log', folder / 'run'
    with mounted('--bind', '-o', 'ro', data, data):
        code = wait(
            start(
                'train.py',
                folder / 'config.py',
                '--work-dir',
                work_dir,
                log=log,
            )
        )
    return dict(
        exit_code=code,
        difference=difference(folder / 'whole', work_dir, iters),
    )


def killed_rank(folder: Path, data: Path, iters: int) -> dict:
    """One of two ranks is killed, through tools/dist_train.sh."""
    config = write_config(
        folder / 'two_ranks.py',
        data,
        'dacs+blda',
        5000,
        interval=2,
        keep=-1,
        extra="env_cfg = dict(dist_cfg=dict(backend='gloo'))\n",
    )
    runs = []
    for count in range(RANK_RUNS):
        work_dir = folder / f'rank_{count}'
        runs.append(_kill_a_rank(config, work_dir, count))
    return dict(runs=runs)


def _kill_a_rank(config: Path, work_dir: Path, count: int) -> dict:
    log = work_dir.with_suffix('.log')
    command = [ROOT / 'tools/dist_train.sh', config, 2, '--work-dir', work_dir]
    env = dict(os.environ, PORT=str(29600 + os.getpid() % 300 + count))
    with log.open('w') as stream:
        launcher = subprocess.Popen(
            ['bash', *map(str, command)],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=env,
        )
        try:
            while latest_checkpoint(work_dir) is None:
                if launcher.poll() is not None:
                    raise RuntimeError(f'two ranks did not start, see {log}')
                time.sleep(0.05)
            ranks = _ranks_of(launcher.pid)
            time.sleep(0.2 * count)
            begin = time.monotonic()
            os.kill(ranks[count % 2], signal.SIGKILL)
            other = ranks[1 - count % 2]
            while _runs(other) and time.monotonic() - begin < 60:
                time.sleep(0.01)
            ended = time.monotonic() - begin
            code = launcher.wait(timeout=60)
            took = time.monotonic() - begin
        finally:
            launcher.kill()
    left = latest_checkpoint(work_dir)
    return dict(
        killed=count % 2,
        other_ended_after=round(ended, 2),
        launcher_ended_after=round(took, 2),
        exit_code=code,
        damaged=damaged_checkpoints(work_dir),
        resumed_from=left.name if left else None,
    )


def _runs(pid: int) -> bool:
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]
    except OSError:
        return False
    return state.split()[0] != 'Z'


def _ranks_of(launcher: int) -> list[int]:
    """Process ids of the ranks, in their order."""
    children = Path(f'/proc/{launcher}/task/{launcher}/children')
    ranks = {}
    for pid in map(int, children.read_text().split()):
        environ = Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
        rank = [x for x in environ if x.startswith(b'LOCAL_RANK=')]
        if rank:
            ranks[int(rank[0].partition(b'=')[2])] = pid
    return [ranks[i] for i in sorted(ranks)]


FAULTS = {
    'rank': killed_rank,
    'disk': full_disk,
    'read-only-work-dir': read_only_work_dir,
    'read-only-data': read_only_data,
}
