"""A training loop that continues its data where it stopped."""

from collections.abc import Iterator
from typing import Any

from mmengine.runner import IterBasedTrainLoop, Runner
from mmseg.registry import LOOPS
from torch import nn
from torch.utils.data import DataLoader

from ..datasets.sampling.samplers import tell_batch_size
from ..models.data_checks import (
    check_classifies,
    check_crops,
    check_num_classes,
    check_target,
    check_things,
)
from .hooks.missing_validation_hook import (
    VALIDATED_KEY,
    MissingValidationHook,
)
from .hooks.validation import BestValidationHook


@LOOPS.register_module()
class ResumableIterBasedTrainLoop(IterBasedTrainLoop):
    """``IterBasedTrainLoop`` that resumes its data at no cost.

    mmengine's loop reads and throws away all batches that were used before;
    this one moves the sampler, which has to be a
    :class:`~mmseg_balance.datasets.ResumableInfiniteSampler` or another with
    ``start_at(draws_per_rank)``. With other samplers it behaves as mmengine's.

    A run that stands at a validation when it is resumed validates first; see
    :class:`~mmseg_balance.engine.hooks.MissingValidationHook`.

    The sampler takes the seed of the run, that of the checkpoint after a
    resume, unless the config gives it one of its own.

    Args:
        runner: The runner.
        dataloader: Data loader, or its config.
        **kwargs: ``max_iters``, ``val_begin``, ``val_interval`` and
            ``dynamic_intervals`` of ``mmengine.runner.IterBasedTrainLoop``.

    Raises:
        ValueError: The target set of a ``UDADataset`` is smaller than a
            batch, or missing where the model needs it; crops of its sources
            do not go into one batch; or model and data set differ in the
            number of classes, or in what their labels are of.
    """

    validates_when_resumed = True

    def __init__(
        self, runner: Runner, dataloader: DataLoader | dict, **kwargs
    ) -> None:
        self._takes_seed = _has_no_seed(dataloader)
        diff_rank_seed = runner._randomness_cfg.get('diff_rank_seed', False)
        loader = runner.build_dataloader(
            dataloader, seed=runner.seed, diff_rank_seed=diff_rank_seed
        )
        check_target(runner.model, loader)
        check_crops(runner.model, loader)
        check_classifies(runner.model, loader.dataset)
        check_num_classes(runner.model, loader.dataset)
        check_things(runner.model, loader.dataset)
        tell_batch_size(loader)
        self._can_move = hasattr(_sampler_of(loader), 'start_at')
        super().__init__(
            runner, _NotStarted(loader) if self._can_move else loader, **kwargs
        )
        self.dataloader = loader
        runner.register_hook(MissingValidationHook())
        runner.register_hook(BestValidationHook())

    def run(self) -> nn.Module:
        """Train.

        Returns:
            The model.
        """
        if not self._can_move:
            return super().run()
        sampler = _sampler_of(self.dataloader)
        if self._takes_seed:
            sampler.seed = _common_seed(self.runner)
        sampler.start_at(self._iter * _batch_size_of(self.dataloader))
        # onedl-mmengine may be told not to ask for the past's
        asks = not getattr(self, 'fast_forward_on_resume', False)
        self.dataloader_iterator = _SkippingIterator(
            self.dataloader, self._iter if asks else 0
        )
        try:
            return super().run()
        finally:
            # ends the worker processes, whose prefetched batches take memory
            del self.dataloader_iterator

    def validation_is_due(self) -> bool:
        """Whether a validation follows the iteration that was trained last."""
        super()._decide_current_val_interval()
        return (
            self.runner.val_loop is not None
            and self._iter >= self.val_begin
            and (
                self._iter % self.val_interval == 0
                or self._iter == self._max_iters
            )
        )

    def _decide_current_val_interval(self) -> None:
        # which mmengine's loop calls right before it validates
        if self.validation_is_due():
            # so that what is saved behind the validation knows of it
            self.runner.message_hub.update_info(VALIDATED_KEY, self._iter)


class _NotStarted:
    """Stands for a data loader in the constructor of mmengine's loop.

    That constructor starts an iterator, whose workers would decode batches
    that a resumed run has no use for.
    """

    def __init__(self, loader: DataLoader) -> None:
        self.dataset = loader.dataset

    def __iter__(self) -> Iterator:
        return iter(())


class _SkippingIterator:
    """Batches of a data loader behind as many Nones.

    mmengine's loop takes one item for each iteration of the past, or, in
    onedl-mmengine, asks to skip them; the sampler has skipped those already.
    """

    def __init__(self, loader: DataLoader, num_skipped: int) -> None:
        self._num_left = num_skipped
        self._batches = iter(loader)

    def __iter__(self) -> '_SkippingIterator':
        return self

    def __next__(self) -> Any:
        if self._num_left > 0:
            self._num_left -= 1
            return None
        return next(self._batches)

    def skip_iter(self, num_iters: int) -> None:
        self._num_left -= num_iters


def _sampler_of(loader: DataLoader) -> Any:
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)


def _batch_size_of(loader: DataLoader) -> int:
    return getattr(loader.batch_sampler, 'batch_size', 1)


def _has_no_seed(dataloader: DataLoader | dict) -> bool:
    """Whether a config leaves the seed of its sampler to the runner."""
    if not isinstance(dataloader, dict):
        return False
    sampler = dataloader.get('sampler')
    return isinstance(sampler, dict) and sampler.get('seed') is None


def _common_seed(runner: Runner) -> int:
    """Seed of the run, equal on all ranks; mmengine may add the rank."""
    differs = runner._randomness_cfg.get('diff_rank_seed', False)
    return runner.seed - runner.rank if differs else runner.seed
