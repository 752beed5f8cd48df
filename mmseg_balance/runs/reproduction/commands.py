"""The commands that a row of the tables comes to, and how they are run."""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from ...configuration.library import library_folder
from ...errors import UserRuntimeError
from ...evaluation.published.row import PublishedRow
from ..work_dir import latest_checkpoint
from .child_process import run_to_end

STATISTICS = 'logit_statistics.pth'


@dataclass(frozen=True)
class Reproduction:
    """How a row is to be trained and tested.

    Args:
        row: Its name.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        gpus: Number of processes.
        partition: Of the Slurm cluster.
        work_dir: Folder of the run, by default of the config and the seed.
        data_root: Folders of data sets, as ``--data-root`` gives them.
        seed: Random seed, by default that of the config.
        best: Whether to test the best snapshot, not the last.
        allow_changed: Whether to go on with a run of other settings.
        dry_run: Whether to show the commands alone.
        cfg_options: ``KEY=VALUE`` each, handed on.
    """

    row: str
    launcher: str = 'none'
    gpus: int = 1
    partition: str | None = None
    work_dir: str | None = None
    data_root: Sequence[str] | None = None
    seed: int | None = None
    best: bool = False
    allow_changed: bool = False
    dry_run: bool = False
    cfg_options: Sequence[str] = ()

    def train_command(
        self, config: str, work_dir: Path, seed: int
    ) -> list[str]:
        """Command of the training, which goes on with an earlier one.

        Args:
            config: Config that is trained.
            work_dir: Folder of the training.
            seed: Its seed.

        Returns:
            Its words.
        """
        options = ['--work-dir', str(work_dir), '--seed', str(seed)]
        if latest_checkpoint(work_dir) is not None:
            options += ['--resume', 'auto']
        return self._launch('train', [config], options + self._overrides())

    def fit_command(
        self, config: str, checkpoint: Path, out: Path
    ) -> list[str]:
        """Command that fits the statistics for post-hoc balancing.

        Args:
            config: Config that was trained.
            checkpoint: What the training gave.
            out: File of the statistics, replaced where it is there.

        Returns:
            Its words.
        """
        tool = tools() / 'analysis_tools/fit_logit_statistics.py'
        command = [sys.executable, str(tool), config, str(checkpoint)]
        command += ['--out', str(out), *self._overrides()]
        if out.exists():
            command.append('--overwrite')
        if self.launcher == 'slurm':
            slurm = ['srun', '-p', str(self.partition), '--gres=gpu:1']
            command = [*slurm, '--ntasks=1', *command]
        return command

    def write_command(self, tool: str, words: Sequence[str]) -> list[str]:
        """Command that writes what a training reads, in one go or several.

        Args:
            tool: 'pseudo-labels' or 'translate'.
            words: Its arguments.

        Returns:
            Its words.
        """
        command = [sys.executable, '-m', 'mmseg_balance', tool, *words]
        command += self._overrides()
        if self.launcher == 'slurm':
            slurm = ['srun', '-p', str(self.partition), '--gres=gpu:1']
            command = [*slurm, '--ntasks=1', *command]
        elif self.gpus > 1 and tool == 'pseudo-labels':
            command += ['--gpus', str(self.gpus)]
        return command

    def test_command(
        self, row: PublishedRow, config: str, checkpoint: Path, work_dir: Path
    ) -> list[str]:
        """Command of the evaluation, balanced post hoc where the row is.

        Args:
            row: The row.
            config: Config that was trained.
            checkpoint: What the training gave.
            work_dir: Folder of the training.

        Returns:
            Its words.
        """
        options = ['--work-dir', str(work_dir / 'test')]
        if row.trained_as != row.name:
            tau = Config.fromfile(config_of(row)).model.tau
            options += ['--post-hoc', str(work_dir / STATISTICS)]
            options += ['--tau', str(tau)]
            options[1] = str(work_dir / 'test_posthoc')
        if self.best:
            options[1] += '_best'
        positional = [config, str(checkpoint)]
        return self._launch('test', positional, options + self._overrides())

    def run(
        self, command: Sequence[str], work_dir: Path | None = None
    ) -> None:
        """Show a command and, unless it is a dry run, run it.

        Args:
            command: The words.
            work_dir: Folder of the training that the command is.

        Raises:
            RuntimeError: It failed.
        """
        variables = dict(PYTHON=sys.executable)
        if self.launcher == 'slurm':
            variables['GPUS'] = str(self.gpus)
        # the scripts read them
        scripted = command[0].endswith('.sh')
        words = [
            f'{k}={shlex.quote(v)}' for k, v in variables.items() if scripted
        ]
        print(*words, shlex.join(command), flush=True)
        if self.dry_run:
            return
        before = work_dir and latest_checkpoint(work_dir)
        code = run_to_end(command, os.environ | variables)
        if code:
            saved = work_dir and latest_checkpoint(work_dir)
            raise UserRuntimeError(
                f'{name_of(command)} ended with status {code}, see above; '
                + (
                    f'the same command goes on behind {saved.name}'
                    if saved != before
                    else 'nothing new was saved: mend what it says first'
                )
            )

    def _launch(
        self, tool: str, positional: list[str], options: list[str]
    ) -> list[str]:
        if self.launcher == 'none':
            script = str(tools() / f'{tool}.py')
            return [sys.executable, script, *positional, *options]
        if self.launcher == 'pytorch':
            script = str(tools() / f'dist_{tool}.sh')
            return [script, *positional, str(self.gpus), *options]
        job = self.row.replace('/', '-')
        script = str(tools() / f'slurm_{tool}.sh')
        return [script, str(self.partition), job, *positional, *options]

    def _overrides(self) -> list[str]:
        options = ['--data-root', *self.data_root] if self.data_root else []
        if self.cfg_options:
            options += ['--cfg-options', *self.cfg_options]
        return options


def tools() -> Path:
    """Folder of the scripts that start trainings."""
    return library_folder() / 'tools'


def config_of(row: PublishedRow) -> str:
    """Config of a row, also where the command is started elsewhere.

    Args:
        row: The row.

    Returns:
        The file.
    """
    near = Path(row.config)
    return str(near if near.is_file() else library_folder() / row.config)


def name_of(command: Sequence[str]) -> str:
    """What a command runs: the script, not Python or an argument of it.

    Args:
        command: Its words.

    Returns:
        Name of the file, or the command of the package.
    """
    first = Path(command[0]).name
    if command[1:3] == ['-m', 'mmseg_balance']:
        return f'mmseg-balance {command[3]}'
    return Path(command[1]).name if command[0] == sys.executable else first
