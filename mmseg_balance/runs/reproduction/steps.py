"""Commands that are run before a training which builds on others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...errors import UserValueError
from ..work_dir import latest_checkpoint
from .commands import Reproduction

# options of these commands that a config may give
OPTIONS = {
    'pseudo-labels': (
        *('share', 'cap', 'threshold', 'part', 'post_hoc', 'tau', 'domain'),
        *('all_images', 'batch_size'),
    ),
    'translate': ('beta', 'seed', 'source', 'own_size'),
}


@dataclass(frozen=True)
class TrainStep:
    """A training.

    Attributes:
        config: Config file.
        cfg: The config as it will be trained, with its seed.
        work_dir: Folder of the training.
        overrides: Of the config, KEY=VALUE each.
    """

    config: str
    cfg: Config
    work_dir: Path
    overrides: Sequence[str] = ()

    @property
    def place(self) -> Path:
        """What it writes, by which two steps are one."""
        return self.work_dir

    @property
    def last(self) -> Path:
        """Checkpoint of its last iteration."""
        return self.work_dir / f'iter_{self.cfg.train_cfg.max_iters}.pth'

    def run(self, how: Reproduction) -> None:
        """Train, or go on with what is there.

        Args:
            how: How commands are run; its ``cfg_options`` do not count.
        """
        how = replace(how, cfg_options=self.overrides)
        seed = self.cfg.randomness.seed
        command = how.train_command(self.config, self.work_dir, seed)
        how.run(command, self.work_dir)


@dataclass(frozen=True)
class WriteStep:
    """Labels, or translated images, that a training reads.

    Attributes:
        tool: 'pseudo-labels' or 'translate'.
        words: Its arguments; a training stands for its checkpoint.
        place: Folder that is written.
        overrides: Of the config in the words, KEY=VALUE each.
    """

    tool: str
    words: Sequence[str | TrainStep]
    place: Path
    overrides: Sequence[str] = ()

    def run(self, how: Reproduction) -> None:
        """Write what is left of it.

        Args:
            how: As for ``TrainStep``.
        """
        words = [
            _checkpoint(word, how.dry_run)
            if isinstance(word, TrainStep)
            else word
            for word in self.words
        ]
        how = replace(how, cfg_options=self.overrides)
        how.run(how.write_command(self.tool, words))


Step = TrainStep | WriteStep


def words_of(tool: str, options: Mapping[str, Any], key: str) -> list[str]:
    """Options of a command as a config gives them.

    Args:
        tool: The command.
        options: By the names of its options, ``all_images`` for one.
        key: Where they stand in the config.

    Returns:
        Its words.

    Raises:
        ValueError: The command has no such option; names those it has.
    """
    words: list[str] = []
    for name, value in options.items():
        if name not in OPTIONS[tool]:
            raise UserValueError(
                f'{key} has {name!r}, expected some of '
                f'{", ".join(OPTIONS[tool])}, options of mmseg-balance {tool}'
            )
        option = f'--{name.replace("_", "-")}'
        if isinstance(value, bool):
            words += [option] if value else []
        elif value is not None:
            values = value if isinstance(value, (list, tuple)) else [value]
            words += [option, *map(str, values)]
    return words


def _checkpoint(training: TrainStep, dry_run: bool) -> str:
    found = None if dry_run else latest_checkpoint(training.work_dir)
    return str(training.last if found is None else found)
