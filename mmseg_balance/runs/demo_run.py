"""The runs of the demo: training and tests, side by side or in turn."""

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

from ..configuration.library import PACKAGE, library_folder
from ..datasets.toy_streets import ToyStreets
from ..errors import UserRuntimeError
from ..files.writing import write_atomically
from .experiment import Experiment, run_tool

RUNS = {
    'DACS': 'configs/dacs/dacs_lite0_500_toy2toy-128x128.py',
    'DACS + BLDA': 'configs/dacs/dacs_blda_lite0_500_toy2toy-128x128.py',
}
# one source is enough for these
STREETS = ToyStreets(num_second=0)
TAU = 1.0
POST_HOC = f' + post-hoc, tau {TAU:g}'
# images of each domain whose logits are fitted: enough for the rarest class
FITTED_IMAGES = 64
# of the scripts that train and test, and of mmseg_balance.progress
PROGRESS = re.compile(r'Iter\((train|test)\) \[\s*(\d+)/(\d+)\].*eta: (\S+)')
PASS = re.compile(r'^\w[\w ,]*: \d+/\d+ .*(?: left| in [\d:]+)$')


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
            others=[STREETS],
            home=demo_home(),
        )
        self.cfg, self.folder = self.experiment.cfg, self.experiment.folder

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint, once the training has ended."""
        return self.folder / f'iter_{self.cfg.train_cfg.max_iters}.pth'

    @property
    def data_roots(self) -> list[str]:
        """Where its images are, as ``--data-root`` takes it."""
        folder = Path(self.cfg.test_dataloader.dataset.data_root).parent
        if folder.is_absolute():  # of a config of its own
            return []
        return [f'{folder.name}={self.experiment.home / folder}']

    @property
    def tests(self) -> dict[str, Path]:
        """Folders of the tests, by what was tested: plain, and balanced."""
        names = {'test': self.name, 'post_hoc': f'{self.name}{POST_HOC}'}
        return {name: self.folder / key for key, name in names.items()}

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """What the tests gave that have ended, by what was tested."""
        return {
            name: json.loads(file.read_text())
            for name, test in self.tests.items()
            if (file := test / 'scores.json').is_file()
        }

    @property
    def is_finished(self) -> bool:
        """Whether training and both tests have ended."""
        return len(self.scores) == len(self.tests)

    def finish(self, num_threads: int) -> None:
        """Do what is left: training, test, post-hoc balancing, its test.

        Args:
            num_threads: Threads of PyTorch.

        Raises:
            RuntimeError: One of them failed, or another process is at it.
        """
        if self.is_finished:
            say(f'{self.name}: finished before, in {self.folder}')
            return
        with locked(self.folder) as lock:
            settings = dict(
                on_line=self.show_progress,
                pass_fds=[lock],
                env=dict(OMP_NUM_THREADS=str(num_threads)),
            )
            say(f'{self.name}: training and tests, output in {self.folder}')
            statistics = self.folder / 'logit_statistics.pth'
            balance = ['--post-hoc', statistics, '--tau', TAU]
            try:
                self.experiment.train(**settings)
                self._test('test', [], settings)
                if not statistics.is_file():
                    self._fit(statistics, settings)
                self._test('post_hoc', balance, settings)
            except RuntimeError as error:
                raise UserRuntimeError(f'{self.name}: {error}') from error
        if not self.experiment.is_current():
            say(
                f'{self.name}: the sources changed while it ran; the next '
                'demo trains again'
            )

    def _test(
        self, name: str, arguments: list, settings: dict[str, Any]
    ) -> None:
        """Test once, and keep scores and predictions."""
        file = self.folder / name / 'scores.json'
        if file.is_file():
            return
        out = self.folder / name / 'predictions'
        scores = self.experiment.test(
            name, ['--out', out, *arguments], **settings
        )
        write_atomically(file, json.dumps(scores).encode())

    def _fit(self, statistics: Path, settings: dict[str, Any]) -> None:
        """Fit the distributions of the logits; goes on where it stopped."""
        root, options = self.experiment.root, self.experiment.options
        pairs = [f'{key}={value}' for key, value in options.items()]
        env = settings['env']
        run_tool(
            [
                root / 'tools/analysis_tools/fit_logit_statistics.py',
                *(self.experiment.config, self.checkpoint),
                *('--out', statistics, '--max-images', FITTED_IMAGES),
                *(['--cfg-options', *pairs] if pairs else []),
            ],
            self.folder / 'fit_output.txt',
            **{**settings, 'env': os.environ | env},
            cwd=self.experiment.home,
        )

    def show_progress(self, line: str) -> None:
        """Print how far a tool is, from a line of its output."""
        found = PROGRESS.search(line)
        if found:
            stage, done, total, eta = found.groups()
            say(f'{self.name}: {stage} {done}/{total}, {eta} left')
        elif PASS.search(line.rstrip()):
            say(f'{self.name}: {line.rstrip()}')


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
