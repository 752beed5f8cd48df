"""The trainings of the demo: one run each, side by side or in turn."""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmseg.registry import DATASETS

from ..configuration.library import PACKAGE, library_folder
from ..datasets.toy_streets import ToyStreets
from ..errors import UserRuntimeError
from ..files.writing import write_atomically
from ..visualization import Sample, read_samples
from .experiment import Experiment

RUNS = {
    'DACS': 'configs/dacs/dacs_lite0_300_toy2toy-256x256.py',
    'DACS + BLDA': 'configs/dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
}
NUM_SAMPLES = 4
PROGRESS = re.compile(r'Iter\((train|test)\) \[\s*(\d+)/(\d+)\].*eta: (\S+)')


def demo_home() -> Path:
    """Folder of ``data/`` and ``work_dirs/``.

    Returns:
        A checkout, or the current folder where the package is installed.
    """
    library = library_folder()
    return library if library == PACKAGE.parent else Path.cwd()


def say(line: str) -> None:
    """Print a line at once and in one piece, whichever thread asks."""
    print(line + '\n', end='', flush=True)


class DemoRun:
    """One training and its evaluation, in a folder of its own.

    The folder's name holds the fingerprint of the config, the toy streets,
    the sources and the versions, so that a run of other settings or code is
    never taken for this one.

    Args:
        name: Shown to the user.
        config: Config file, from the folder of ``configs/``.
        work_dir: Folder of the demo.
        options: Overrides, as ``--cfg-options`` takes them.
    """

    def __init__(
        self,
        name: str,
        config: str,
        work_dir: Path,
        options: Mapping[str, Any],
    ) -> None:
        self.name = name
        self.experiment = Experiment(
            library_folder(),
            config,
            work_dir,
            options,
            others=[ToyStreets()],
            home=demo_home(),
        )
        self.cfg, self.folder = self.experiment.cfg, self.experiment.folder

    @property
    def scores(self) -> dict[str, float] | None:
        """What the evaluation gave, or None before its end."""
        file = self.folder / 'scores.json'
        return json.loads(file.read_text()) if file.is_file() else None

    def finish(self, num_threads: int) -> None:
        """Do what is left of training and evaluation.

        Args:
            num_threads: Threads of PyTorch.

        Raises:
            RuntimeError: One of them failed, or another process is at it.
        """
        if self.scores is not None:
            say(f'{self.name}: finished before, in {self.folder}')
            return
        with locked(self.folder) as lock:
            settings = dict(
                on_line=self.show_progress,
                pass_fds=[lock],
                env=dict(OMP_NUM_THREADS=str(num_threads)),
            )
            say(f'{self.name}: training and test, output in {self.folder}')
            try:
                self.experiment.train(**settings)
                scores = self.experiment.test(
                    arguments=['--out', self.folder / 'predictions'],
                    **settings,
                )
            except RuntimeError as error:
                raise UserRuntimeError(f'{self.name}: {error}') from error
            write_atomically(
                self.folder / 'scores.json', json.dumps(scores).encode()
            )
        if not self.experiment.is_current():
            say(
                f'{self.name}: the sources changed while it ran; the next '
                'demo trains again'
            )

    def show_progress(self, line: str) -> None:
        """Print how far a tool is, from a line of its log."""
        found = PROGRESS.search(line)
        if found:
            stage, done, total, eta = found.groups()
            say(f'{self.name}: {stage} {done}/{total}, {eta} left')


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Keep a second demo out of a folder.

    The processes that are started inherit the lock: one that outlives a
    killed demo still holds it.

    Args:
        folder: The folder, made where it is missing.

    Yields:
        File descriptor of the lock.

    Raises:
        RuntimeError: Another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / '.lock').open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserRuntimeError(
                f'a training is running in {folder}: wait for its end, or '
                'give another --work-dir'
            ) from None
        os.set_inheritable(file.fileno(), True)
        yield file.fileno()


def finish_all(runs: Sequence[DemoRun], num_cpus: int) -> None:
    """Finish the runs: side by side on CPUs, in turn on an accelerator.

    Args:
        runs: The runs.
        num_cpus: CPUs that they share.

    Raises:
        RuntimeError: One of them failed.
    """
    # a thread for each of two runs does more than two threads for one
    side_by_side = min(len(runs), num_cpus) if get_device() == 'cpu' else 1
    num_threads = max(num_cpus // side_by_side, 1)
    with ThreadPoolExecutor(side_by_side) as pool:
        jobs = [pool.submit(run.finish, num_threads) for run in runs]
    for job in jobs:
        job.result()


def samples_of(runs: Sequence[DemoRun]) -> tuple[list[Sample], dict]:
    """A few test images with labels and predictions.

    Args:
        runs: Runs of one test set.

    Returns:
        The samples, and the meta data of the set.
    """
    data = runs[0].cfg.test_dataloader.dataset
    data.update(data_root=str(demo_home() / data.data_root), pipeline=[])
    dataset = DATASETS.build(data)
    folders = {run.name: run.folder / 'predictions' for run in runs}
    return read_samples(dataset, folders, NUM_SAMPLES), dataset.metainfo
