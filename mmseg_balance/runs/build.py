"""Everything a training needs, built before anything is changed or run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import RUNNERS
from torch.utils.data import DataLoader

from ..checkpoints.weights import read_checkpoint
from ..configuration.checks.needed_hooks import (
    register_hook,
    register_metric_hooks,
    register_needed_hooks,
)
from ..datasets import UDADataset
from ..datasets.checks import (
    check_evaluation_set,
    name_all_files,
)
from ..datasets.video.scored_pairs import check_has_pairs
from ..errors import UserValueError
from ..models.data_checks import (
    check_class_order,
    check_num_classes,
    check_things,
)
from ..models.uda.optimization.sequential_backward import named_optimizers
from ..models.wrapped_segmentor import unwrapped
from .data.notes import data_notes
from .log_details import keep_details_in_file
from .records.provenance import PROVENANCE_KEY, changed_provenance, provenance
from .records.settings import settings_of
from .resuming.same_run import (
    RANKS_KEY,
    changed_data_order,
    check_same_model,
    check_same_shots,
    last_validation_is_missing,
    nothing_left,
)

REQUIRED = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper')


def check_required(cfg: Config) -> None:
    """Refuse a config that does not say what to train.

    Args:
        cfg: Config of a training run.

    Raises:
        ValueError: Names the keys that are missing.
    """
    missing = [key for key in REQUIRED if not cfg.get(key)]
    if missing:
        raise UserValueError(
            f'{cfg.filename} has no {", ".join(missing)}: add them, or the '
            'files of configs/_base_ that have them to its _base_'
        )


def build_runner(cfg: Config) -> Runner:
    """Runner with data sets, loops, optimizer and schedulers.

    mmengine builds those when training starts, and takes what is built as it
    is; so what is wrong shows before that.

    Args:
        cfg: Config of a training run.

    Returns:
        The runner; ``train()`` is all that is left.

    Raises:
        FileNotFoundError: Files of a data set are missing.
        ValueError: Labels of a data set are not right, or the model is not
            that of the checkpoint to resume from.
    """
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
    else:
        runner = Runner.from_cfg(cfg)
    with _files_are_named(runner):
        train = runner.train_loop.dataloader
    if not isinstance(train.dataset, UDADataset):  # which has checked itself
        key = 'train_dataloader.dataset'
        check_evaluation_set(train.dataset, key, needs_classes=False)
    for name in getattr(train.dataset, 'required_hooks', ()):
        register_hook(runner, name)
    register_needed_hooks(runner)
    register_metric_hooks(runner, runner.val_loop)
    val = None if runner.val_loop is None else runner.val_loop.dataloader
    if val is not None:
        check_evaluation_set(val.dataset, 'val_dataloader.dataset')
        metrics = runner.val_loop.evaluator.metrics
        check_has_pairs(val.dataset, 'val_dataloader.dataset', metrics)
        check_num_classes(runner.model, val.dataset, 'val_dataloader')
        check_things(runner.model, val.dataset, 'val_dataloader')
        check_class_order(train.dataset, val.dataset)
    for line in data_notes(train, val, runner.world_size):
        runner.logger.warning(line)
    keep_details_in_file(runner.logger)
    build_optimization(runner)
    # into the checkpoints
    runner.cfg[RANKS_KEY] = runner.world_size
    runner.cfg[PROVENANCE_KEY] = provenance(runner.train_dataloader.dataset)
    return runner


@contextmanager
def _files_are_named(runner: Runner) -> Iterator[None]:
    """Let training data name their files before a loop starts the workers."""
    build = runner.build_dataloader

    def build_named(dataloader, *args, **kwargs) -> DataLoader:
        loader = build(pinned(dataloader), *args, **kwargs)
        name_all_files(loader.dataset, 'train_dataloader.dataset')
        return loader

    runner.build_dataloader = build_named
    try:
        yield
    finally:
        del runner.build_dataloader


def pinned(dataloader: Any) -> Any:
    """Config of a loader whose batches lie where a GPU copies by itself.

    Args:
        dataloader: A config; what is no dict is given back as it is.

    Returns:
        With ``pin_memory`` where there is a GPU and nothing is said of it.
    """
    if isinstance(dataloader, dict) and torch.cuda.is_available():
        return {'pin_memory': True, **dataloader}
    return dataloader


def build_optimization(runner: Runner) -> None:
    """Build optimizer and schedulers, in the order of ``Runner.train``.

    Args:
        runner: Runner with a training loop, changed in place.

    Raises:
        TypeError: Optimizers that are not those of the model.
    """
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    optimized = getattr(unwrapped(runner.model), 'optimized', None)
    if optimized is not None:
        named_optimizers(runner.optim_wrapper, optimized)
    # before the schedulers, which note the learning rate; and only once
    runner.scale_lr(runner.optim_wrapper, runner.auto_scale_lr)
    runner.auto_scale_lr = None
    if runner.param_schedulers is not None:
        runner.param_schedulers = runner.build_param_scheduler(
            runner.param_schedulers
        )


def check_resume(runner: Runner, path: str) -> str | None:
    """Compare a built runner with the checkpoint that it goes on from.

    Args:
        runner: The runner.
        path: The checkpoint.

    Returns:
        A line for the user where the checkpoint is of the end, else None.

    Raises:
        ValueError: The model is another one.
    """
    weights, meta = read_checkpoint(path)
    model = unwrapped(runner.model)
    check_same_model(model, weights, path)
    loader = runner.train_dataloader
    batch_size = getattr(loader.batch_sampler, 'batch_size', loader.batch_size)
    for line in changed_data_order(meta, batch_size, runner.world_size):
        runner.logger.warning(f'--resume: {line}')
    before = settings_of(meta) or {}
    check_same_shots(
        before.get(PROVENANCE_KEY), runner.cfg[PROVENANCE_KEY], path
    )
    changed = changed_provenance(
        before.get(PROVENANCE_KEY), runner.cfg[PROVENANCE_KEY]
    )
    for what, lines in changed.items():
        if lines:
            runner.logger.warning(
                f'--resume: {path} is of other {what}: {"; ".join(lines)}; '
                'its numbers are those of both'
            )
    done = nothing_left(meta, runner.train_loop)
    if done is not None and _is_to_be_validated(runner, meta['iter']):
        return None
    return done


def _is_to_be_validated(runner: Runner, iteration: int) -> bool:
    """Whether all that a resumed run has to do is its last validation."""
    loop = runner.train_loop
    return (
        getattr(loop, 'validates_when_resumed', False)
        and runner.val_loop is not None
        and loop.val_begin <= iteration == loop.max_iters
        and last_validation_is_missing(runner.work_dir, iteration)
    )
