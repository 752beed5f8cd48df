"""Training and evaluation of one config, in a folder that tells its settings.

What the demo and the scripts of tools/benchmarks share, so that none of
them takes the result of other settings, or of other code, for its own.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import UserRuntimeError
from .records.code import changed_code, own_code, sources, versions
from .records.settings import changed_settings
from .work_dir import is_complete

SCORES = re.compile(r'^scores: (\S.*\.json)  log:', re.MULTILINE)
SHOWN_LINES = 15


def fingerprint(cfg: Config, *others: Any) -> str:
    """Hash of all that a result depends on.

    Args:
        cfg: Config, overrides included.
        *others: Further settings, by their ``repr``: seed, data, parts.

    Returns:
        12 hex digits of the config, the settings, the sources of this
        package, and the versions of what it runs on.
    """
    settings = repr((cfg.pretty_text, others, versions(), sources()))
    return hashlib.sha256(settings.encode()).hexdigest()[:12]


def run_tool(
    command: Sequence[Any],
    log: Path,
    on_line: Callable[[str], None] | None = None,
    **kwargs: Any,
) -> str:
    """Run a tool, its output kept in a file.

    Args:
        command: Script and its arguments, for this Python.
        log: File for the output, replaced where it exists.
        on_line: Called with each line.
        **kwargs: Of ``subprocess.Popen``.

    Returns:
        The output.

    Raises:
        RuntimeError: It failed; with the end of the output.
    """
    lines = []
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open('w') as file,
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **kwargs,
        ) as process,
    ):
        for line in process.stdout:
            file.write(line)
            lines.append(line)
            if on_line is not None:
                on_line(line)
    if process.returncode != 0:
        raise UserRuntimeError(
            f'tools/{Path(command[0]).name} failed, see {log}\n'
            + ''.join(lines[-SHOWN_LINES:])
        )
    return ''.join(lines)


class Experiment:
    """One config with one seed.

    The folder's name holds the fingerprint: a training of other settings or
    sources is neither taken for this one nor gone on with.

    Args:
        root: Folder of tools/ and configs/: the repository, or what is
            installed of it.
        config: Config file, from ``root``.
        work_dir: Folder for the folders of experiments.
        options: Overrides by dotted key.
        seed: Seed; by default the config's.
        name: Start of the folder's name; by default the config's.
        others: Further settings that the result depends on.
        home: Folder of the data that configs name, by default ``root``.
    """

    def __init__(
        self,
        root: Path,
        config: str | Path,
        work_dir: str | Path,
        options: Mapping[str, Any] | None = None,
        seed: int | None = None,
        name: str | None = None,
        others: Sequence[Any] = (),
        home: Path | None = None,
    ) -> None:
        self.root = root
        self.home = home or root
        self.config = root / config
        self.options = dict(options or {})
        self.seed = seed
        self.others = tuple(others)
        self.cfg = Config.fromfile(self.config)
        self.cfg.merge_from_dict(self.options)
        self.fingerprint = self._fingerprint()
        name = name or self.config.stem
        # absolute, since the tools run in home
        self.folder = Path(work_dir).resolve() / f'{name}-{self.fingerprint}'

    def is_current(self) -> bool:
        """Whether the sources are still those of the beginning."""
        return self.fingerprint == self._fingerprint()

    @property
    def checkpoint(self) -> Path | None:
        """The last checkpoint of the training, or None before its end."""
        path = self.folder / f'iter_{self.cfg.train_cfg.max_iters}.pth'
        return path if is_complete(path) else None

    @property
    def record(self) -> dict[str, Any]:
        """What results are of, as JSON has it: see ``differences``."""
        settings = dict(
            cfg=self.cfg.to_dict(), seed=self.seed, others=list(self.others)
        )
        settings = json.loads(json.dumps(settings, default=repr))
        return dict(
            fingerprint=self.fingerprint,
            settings=settings,
            **own_code(),
        )

    def differences(self, record: Mapping[str, Any]) -> list[str]:
        """How a result is not one of these settings and this code.

        Args:
            record: The ``record`` that it was written with; one of an
                earlier version has the fingerprint alone.

        Returns:
            A line for each difference, none where it is one.
        """
        found, now = record.get('fingerprint'), self.record
        if found == now['fingerprint']:
            return []
        lines = changed_code(record, now)
        if 'settings' in record:
            then = record['settings']
            lines += map(
                str,
                changed_settings(then['cfg'], now['settings']['cfg'], True),
            )
            lines += [
                f'{key} was {then[key]}, is {now["settings"][key]}'
                for key in ('seed', 'others')
                if then[key] != now['settings'][key]
            ]
        if lines:
            return lines
        kind = f'fingerprint {found!r}' if found else 'no fingerprint'
        return [f'{kind}, expected {now["fingerprint"]!r}']

    def train(self, arguments: Sequence[Any] = (), **kwargs: Any) -> None:
        """Train, or go on; nothing is done where it is finished.

        Args:
            arguments: Further arguments of tools/train.py.
            **kwargs: ``on_line`` and others of ``run_tool``.

        Raises:
            RuntimeError: It failed, or left no checkpoint of its end.
        """
        if self.checkpoint is not None:
            return
        arguments = [*arguments, '--work-dir', self.folder, '--resume']
        if self.seed is not None:
            arguments += ['--seed', self.seed]
        self._call('train', [*arguments, *self._overrides()], **kwargs)
        if self.checkpoint is None:
            raise UserRuntimeError(
                f'tools/train.py left no iter_{self.cfg.train_cfg.max_iters}'
                f'.pth in {self.folder}: see train_output.txt there'
            )

    def test(
        self,
        name: str = 'test',
        arguments: Sequence[Any] = (),
        options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, float]:
        """Evaluate the last checkpoint.

        Args:
            name: Sub-folder for log and scores.
            arguments: Further arguments of tools/test.py.
            options: Further overrides.
            **kwargs: ``on_line`` and others of ``run_tool``.

        Returns:
            The scores.

        Raises:
            RuntimeError: It failed.
        """
        output = self._call(
            'test',
            [
                *(self.checkpoint, '--work-dir', self.folder / name),
                *(*arguments, *self._overrides(options)),
            ],
            log=f'{name}_output.txt',
            **kwargs,
        )
        scores = json.loads(Path(SCORES.search(output)[1]).read_text())
        scores.pop('origin', None)  # what they are of, not a score
        return scores

    def _call(
        self, tool: str, arguments: list, log: str | None = None, **kwargs: Any
    ) -> str:
        return run_tool(
            [self.root / 'tools' / f'{tool}.py', self.config, *arguments],
            self.folder / (log or f'{tool}_output.txt'),
            cwd=self.home,
            env=os.environ | kwargs.pop('env', {}),
            **kwargs,
        )

    def _overrides(self, more: Mapping[str, Any] | None = None) -> list[str]:
        options = self.options | dict(more or {})
        pairs = [f'{key}={value}' for key, value in options.items()]
        return ['--cfg-options', *pairs] if pairs else []

    def _fingerprint(self) -> str:
        return fingerprint(self.cfg, self.seed, self.options, self.others)
