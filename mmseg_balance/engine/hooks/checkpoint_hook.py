"""Checkpoints that a full disk does not spoil."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook, EMAHook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ...files.disk_space import (
    DiskFullError,
    checkpoint_size,
    free_space,
    megabytes,
)
from ...models.wrapped_segmentor import unwrapped

# of the logged values, all of which a checkpoint keeps
BYTES_PER_ITERATION = 300


# under mmengine's name, so that every config has it
@HOOKS.register_module(name='CheckpointHook')
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's hook, whose files are whole or not there.

    A checkpoint is written aside and renamed, and earlier ones are removed
    after that, not before: where the disk is full, they are still there. So
    ``max_keep_ckpts`` needs room for one more. ``out_dir`` elsewhere than on
    this machine, and ``backend_args``, work as they do in mmengine. Like
    ``mIoU``, means of panoptic quality and of temporal consistency need no
    ``rule`` in ``save_best``.

    Args:
        *args: See ``mmengine.hooks.CheckpointHook``.
        **kwargs: The same.
    """

    _default_greater_keys = [
        *CheckpointHook._default_greater_keys,
        *('mPQ', 'mSQ', 'mRQ', 'mTC'),
    ]

    def before_train(self, runner: Runner) -> None:
        """Choose how files are written."""
        if self._is_local(runner) and self.backend_args is None:
            self.backend_args = dict(backend='atomic')
        super().before_train(runner)
        if self._is_local(runner) and is_main_process():
            # of a run that was killed while it wrote
            for rest in Path(self.out_dir).glob('.*.pth.*.tmp'):
                rest.unlink(missing_ok=True)

    def prepare(self, runner: Runner) -> str | None:
        """See :meth:`check_space`."""
        return self.check_space(runner)

    def check_space(self, runner: Runner) -> str | None:
        """See whether the checkpoints of a run will fit.

        Args:
            runner: Runner with its training loop and optimizer.

        Returns:
            A line for the user where one fits and not all of them do.

        Raises:
            DiskFullError: Not one fits.
        """
        if not self._is_local(runner):
            return None
        model = unwrapped(runner.model)
        one = checkpoint_size(model, runner.optim_wrapper)
        if any(isinstance(hook, EMAHook) for hook in runner.hooks):
            one *= 2
        one += BYTES_PER_ITERATION * runner.train_loop.max_iters
        folder = self.out_dir or runner.work_dir
        free, number = free_space(folder), self._number(runner)
        if number and one > free:
            raise DiskFullError(
                f'a checkpoint of this run takes about {megabytes(one)}, and '
                f'{folder} has {megabytes(free)} free: free some space, or '
                'name a folder of another disk with --work-dir'
            )
        if number * one <= free:
            return None
        return (
            f'{number} checkpoints of about {megabytes(one)} are to be '
            f'written, and {folder} has {megabytes(free)} free: set '
            'default_hooks.checkpoint.max_keep_ckpts (room for one more is '
            'needed), or a longer interval'
        )

    def _save_checkpoint_with_step(self, runner: Runner, *args, **kwargs):
        with self._removing_afterwards():
            super()._save_checkpoint_with_step(runner, *args, **kwargs)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removing_afterwards():
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _removing_afterwards(self) -> Iterator[None]:
        """Keep files that are to be removed until all is written."""
        backend = self.file_backend
        self.file_backend = _RemovingLater(backend)
        try:
            yield
            self.file_backend.remove_now()
        finally:
            self.file_backend = backend

    def _is_local(self, runner: Runner) -> bool:
        folder = str(self.out_dir or runner.work_dir)
        return self.file_client_args is None and '://' not in folder

    def _number(self, runner: Runner) -> int:
        """How many checkpoints will lie there at once."""
        loop = runner.train_loop
        length = loop.max_epochs if self.by_epoch else loop.max_iters
        number = int(self.save_last)
        if self.interval > 0:
            number = math.ceil((length - self.save_begin) / self.interval)
        if self.max_keep_ckpts > 0:
            number = min(number, self.max_keep_ckpts + 1)
        return max(number, 0) + len(self.save_best or ())


class _RemovingLater:
    """A file backend that notes what it should remove.

    Args:
        backend: Does all else, and the removal in the end.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._noted: list[tuple[str, str, int | None]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        self._noted.append(('remove', path, _written(path)))

    def rmtree(self, path: str) -> None:
        self._noted.append(('rmtree', path, _written(path)))

    def remove_now(self) -> None:
        """Remove what was not written again since."""
        for how, path, before in self._noted:
            if _written(path) == before:
                getattr(self._backend, how)(path)


def _written(path: str) -> int | None:
    file = Path(path)
    return file.stat().st_mtime_ns if file.exists() else None
