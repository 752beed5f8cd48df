"""Work folders as mmengine fills them."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

CONFIG = """\
custom_imports = dict(imports=['no_such_module'])
resume = {resume}
train_cfg = dict(
    {length}, type='IterBasedTrainLoop', val_interval=4000)
val_cfg = {val_cfg}
"""


class WrittenRun:
    """One start of a training, written line by line."""

    def __init__(
        self,
        work_dir: Path,
        name: str,
        length: str = 'max_iters=100',
        resume: bool = False,
        val_cfg: str = "dict(type='ValLoop')",
    ):
        self.folder = work_dir / name
        self.data = self.folder / 'vis_data'
        self.data.mkdir(parents=True)
        text = CONFIG.format(length=length, resume=resume, val_cfg=val_cfg)
        (self.data / 'config.py').write_text(text)
        self.scalars = self.data / 'scalars.json'
        self.log = self.folder / f'{name}.log'

    def write(self, text: str) -> None:
        with self.scalars.open('a') as file:
            file.write(text)

    def row(self, **values) -> None:
        self.write(json.dumps(values) + '\n')

    def train(self, step: int, total: int = 100, time: float = 0.5, **values):
        values = dict(loss=1 / step, time=time) | values
        self.row(**values, iter=step, step=step)
        self.say(f'Iter(train) [{step:6d}/{total}]  eta: 1:00  time: {time:f}')

    def say(self, line: str) -> None:
        with self.log.open('a') as file:
            file.write(f'2026/11/26 08:00:00 - mmengine - INFO - {line}\n')

    def draw(self, name: str) -> Path:
        (self.data / 'vis_image').mkdir(exist_ok=True)
        path = self.data / 'vis_image' / name
        cv2.imwrite(str(path), np.full((4, 6, 3), 200, np.uint8))
        return path

    def wrote_at(self, time: float) -> None:
        """Set when its files were written last."""
        for file in (self.scalars, self.log, self.data / 'config.py'):
            if file.exists():
                os.utime(file, (time, time))


@pytest.fixture
def start_run():
    """Write the start of a run: ``start_run(work_dir, '20261126_080000')``."""
    return WrittenRun
