"""One training step and two validation images, before the run itself."""

import copy
import itertools
import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from ...datasets.sampling.samplers import ResumableInfiniteSampler
from ...errors import UserRuntimeError
from ...models.uda.optimization.contexts import told
from ...models.uda.optimization.wrapper import UDAModelWrapper
from .kept_state import noted_changes
from .run_copy import RunCopy, copy_run, unchanged_state
from .validation import check_scores, validate_two

TRAINING = 'dry run, first training step'
VALIDATION = 'dry run, validation of two images'


class DryRunHook(Hook):
    """Tries a run right before its first iteration.

    The first training batch goes through pipeline, model, losses, optimizer
    and the hooks of this package that follow an iteration; two validation
    images go through pipeline, model and metric; and the names of scores
    that hooks and schedules ask for are compared with what the metric gives.
    So what would end the run at its first evaluation, hours later, ends it
    here.

    All of it happens on copies of model, optimizers, data sets and metrics,
    and random generators are put back, so that the run is bit for bit the
    same without it. On several ranks all take part, each with its own
    batch. Left out, with a line in the log: models that cannot be copied,
    and on one rank whatever runs out of memory beside the copy. One of
    several ranks cannot leave it out alone, as the others wait for it.

    ``Training`` adds it, unless the config has ``dry_run = False`` at its
    top level. It costs one iteration, two predictions, and as long as
    it lasts a second copy of the model in memory.
    """

    def before_train(self, runner: Runner) -> None:
        """Try the run.

        Args:
            runner: The runner, with its weights loaded.

        Raises:
            Exception: What the run would raise; its note says where.
        """
        start = time.perf_counter()
        kept: list[str] = []
        try:
            with unchanged_state(runner), quiet(runner):
                done = dry_run(runner, kept)
        except torch.OutOfMemoryError as error:
            if runner.world_size > 1:
                raise UserRuntimeError(
                    'dry run: out of memory with a second copy of the model '
                    f'({str(error).splitlines()[0]}), and other ranks may '
                    'wait for this one: go without it, --cfg-options '
                    'dry_run=False'
                ) from error
            done = f'left out, out of memory ({str(error).splitlines()[0]})'
        seconds = time.perf_counter() - start
        runner.logger.info(f'dry run: {done}, {seconds:.1f} s')
        for line in kept:
            runner.logger.warning(line)


def dry_run(runner: Runner, kept: list[str] | None = None) -> str:
    """Try a run on copies.

    Args:
        runner: Runner in its ``before_train``.
        kept: Is given a line for each objective that keeps something of an
            iteration.

    Returns:
        What was done, for the log.

    Raises:
        Exception: What training or validation raise.
    """
    if not can_be_copied(runner.model):
        return f'left out, {type(runner.model).__name__} cannot be copied'
    try:
        run = copy_run(runner)
    except (TypeError, RuntimeError, AttributeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        return f'left out, the model cannot be copied ({error})'
    with told(TRAINING):
        with noted_changes(run.model, [] if kept is None else kept):
            train_once(run, runner.train_loop.dataloader)
    done = 'one training step'
    loop = runner.val_loop
    if hasattr(loop, 'evaluator') and hasattr(loop, 'dataloader'):
        with told(VALIDATION):
            scores = validate_two(run.model, loop, runner.world_size)
            check_scores(runner, scores or {})
        done += ' and two validation images'
    return done


def can_be_copied(model: nn.Module) -> bool:
    """Whether a model is whole on this rank.

    Args:
        model: The model, wrapped or not.
    """
    whole = (DistributedDataParallel, UDAModelWrapper)
    if not is_model_wrapper(model):
        return True
    # MMSeparateDistributedDataParallel is no such subclass
    return isinstance(model, whole)


def train_once(run: RunCopy, loader: DataLoader) -> None:
    """One iteration, with the hooks around it.

    Args:
        run: Copy of the run.
        loader: Data loader of training, left as it is.
    """
    run.model.train()
    batch = first_batch(loader)
    for hook in run.hooks:
        hook.before_train_iter(run.runner, 0, batch)
    outputs = run.model.train_step(batch, run.optim_wrapper)
    for hook in run.hooks:
        hook.after_train_iter(run.runner, 0, batch, outputs)
    run.optim_wrapper.zero_grad()


def first_batch(loader: DataLoader) -> Any:
    """The batch that a loader would give first.

    Samplers that cannot be asked without being moved are not: then it is
    one of samples that are spread over the data set.

    Args:
        loader: Data loader of training.
    """
    sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
    size = getattr(loader.batch_sampler, 'batch_size', loader.batch_size)
    if isinstance(sampler, ResumableInfiniteSampler):
        indices = list(itertools.islice(iter(sampler), size))
    else:
        count = len(loader.dataset)
        indices = [k * count // size for k in range(size)]
    dataset = copy.deepcopy(loader.dataset)  # transforms may keep images
    return loader.collate_fn([dataset[i] for i in indices])


@contextmanager
def quiet(runner: Runner) -> Iterator[None]:
    """Keep tables of two images, and warnings that come again, to itself."""

    def is_grave(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    runner.logger.addFilter(is_grave)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        runner.logger.removeFilter(is_grave)
