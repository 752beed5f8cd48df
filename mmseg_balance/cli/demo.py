"""Adapt a small network to toy streets, with and without BLDA.

    python tools/demo.py

Draws the toy streets, trains DACS and DACS + BLDA with tools/train.py,
evaluates them with tools/test.py, and writes work_dirs/demo/report.html. What
is finished is not repeated, and an interrupted training goes on.
"""

import argparse
import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mmengine.device import get_device
from mmseg.registry import DATASETS
from prettytable import PrettyTable

from mmseg_balance.configuration.data_roots import VARIABLE
from mmseg_balance.datasets.toy_streets import ToyStreets, generate_toy_streets
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.experiment import Experiment
from mmseg_balance.visualization import Sample, read_samples, write_report

ROOT = Path(__file__).resolve().parents[1]
RUNS = {
    'DACS': 'configs/dacs/dacs_lite0_300_toy2toy-256x256.py',
    'DACS + BLDA': 'configs/dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
}
COLUMNS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
NUM_SAMPLES = 4
PROGRESS = re.compile(r'Iter\((train|test)\) \[\s*(\d+)/(\d+)\].*eta: (\S+)')


def say(line: str) -> None:
    """Print a line at once and in one piece, whichever thread asks."""
    print(line + '\n', end='', flush=True)


class Run:
    """One training and its evaluation, in a folder of its own.

    The folder's name holds the fingerprint of the config, the toy streets,
    the sources and the versions, so that a run of other settings or code is
    never taken for this one.

    Args:
        name: Shown to the user.
        config: Config file, from the root of the repository.
        work_dir: Folder of the demo.
        options: Overrides, as ``--cfg-options`` takes them.
    """

    def __init__(
        self, name: str, config: str, work_dir: Path, options: dict[str, int]
    ) -> None:
        self.name = name
        self.experiment = Experiment(
            ROOT, config, work_dir, options, others=[ToyStreets()]
        )
        self.cfg, self.folder = self.experiment.cfg, self.experiment.folder

    @property
    def scores(self) -> dict[str, float] | None:
        """What the evaluation gave, or None before its end."""
        file = self.folder / 'scores.json'
        return json.loads(file.read_text()) if file.is_file() else None

    def finish(self, num_threads: int) -> None:
        """Do what is left of training and evaluation."""
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
                raise RuntimeError(f'{self.name}: {error}') from error
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
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / '.lock').open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f'a training is running in {folder}: wait for its end, or '
                'give another --work-dir'
            ) from None
        os.set_inheritable(file.fileno(), True)
        yield file.fileno()


def finish_all(runs: list[Run], num_cpus: int) -> None:
    """Finish the runs: side by side on CPUs, in turn on an accelerator."""
    # a thread for each of two runs does more than two threads for one
    side_by_side = min(len(runs), num_cpus) if get_device() == 'cpu' else 1
    num_threads = max(num_cpus // side_by_side, 1)
    with ThreadPoolExecutor(side_by_side) as pool:
        jobs = [pool.submit(run.finish, num_threads) for run in runs]
    for job in jobs:
        job.result()


def samples_of(runs: list[Run]) -> tuple[list[Sample], dict]:
    """A few test images with labels and predictions, and the meta data."""
    data = runs[0].cfg.test_dataloader.dataset
    data.update(data_root=str(ROOT / data.data_root), pipeline=[])
    dataset = DATASETS.build(data)
    folders = {run.name: run.folder / 'predictions' for run in runs}
    return read_samples(dataset, folders, NUM_SAMPLES), dataset.metainfo


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=ROOT / 'work_dirs' / 'demo',
        help='folder for runs and report',
    )
    parser.add_argument(
        '--iterations',
        type=int,
        help='train shorter or longer than the configs say',
    )
    return parser.parse_args()


def main() -> None:
    """Do what is left of the demo, and print the table."""
    args = parse_args()
    # of the data that others have; the demo's own lies in the repository
    os.environ.pop(VARIABLE, None)
    start = time.time()
    num_cpus = (
        len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count()
    )
    options = {
        'default_hooks.checkpoint.interval': 50,
        'default_hooks.logger.interval': 10,
    }
    if args.iterations is not None:
        options |= {
            'train_cfg.max_iters': args.iterations,
            'train_cfg.val_interval': args.iterations,
        }
    runs = [
        Run(name, config, args.work_dir.resolve(), options)
        for name, config in RUNS.items()
    ]

    folder = ROOT / Path(runs[0].cfg.test_dataloader.dataset.data_root).parent
    say(f'toy streets in {folder}')
    try:
        generate_toy_streets(folder, ToyStreets(), nproc=num_cpus)
        finish_all(runs, num_cpus)
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f'error: {error}')

    scores = {run.name: run.scores for run in runs}
    samples, meta = samples_of(runs)
    report = write_report(
        args.work_dir / 'report.html',
        scores,
        meta['classes'],
        meta['palette'],
        samples,
        f'Toy streets, {runs[0].cfg.train_cfg.max_iters} iterations',
    )
    table = PrettyTable(['Run', *COLUMNS])
    for name, values in scores.items():
        table.add_row([name, *(f'{values[c]:.2f}' for c in COLUMNS)])
    print(f'\n{table}\nreport: {report}  ({time.time() - start:.0f} s)')


if __name__ == '__main__':
    main()
