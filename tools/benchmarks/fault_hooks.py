"""What a long run takes, iteration by iteration."""

import json
import time
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

MB = 2**20
PAGES = Path('/proc/self/statm')
PAGE_SIZE = 4096


@HOOKS.register_module()
class ResourceLogHook(Hook):
    """Writes resident memory and processor time of each iteration.

    Args:
        file: JSON file with the lists ``memory`` (MB) and ``seconds``
            (processor time, which other programs hardly change).
    """

    # behind what updates statistics and writes checkpoints
    priority = 'LOWEST'

    def __init__(self, file: str) -> None:
        self.file = Path(file)
        self.memory: list[float] = []
        self.seconds: list[float] = []
        self._before = 0.0

    def before_train(self, runner: Runner) -> None:
        """Start the clock."""
        self._before = time.process_time()

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Note what the iteration took; the noting itself is left out."""
        now = time.process_time()
        self.seconds.append(now - self._before)
        resident = int(PAGES.read_text().split()[1]) * PAGE_SIZE
        self.memory.append(resident / MB)
        self._before = time.process_time()

    def after_train(self, runner: Runner) -> None:
        """Write the file."""
        values = dict(memory=self.memory, seconds=self.seconds)
        self.file.write_text(json.dumps(values))
