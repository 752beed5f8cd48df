"""Random numbers of a training step that do not depend on its past."""

from collections.abc import Sequence

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ...datasets.seeding import hash_seed, seed_cpu_generators


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seed all generators before each training iteration.

    The seed is a hash of (seed of the run, rank, iteration). So a resumed run
    draws the dropout, mixing masks and augmentation that it would have drawn
    without the interruption, and ranks draw different ones.
    """

    priority = 'VERY_HIGH'
    in_dry_run = True

    def before_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | Sequence | None = None,
    ) -> None:
        """Seed Python, NumPy and PyTorch.

        Args:
            runner: The runner; its ``seed``, ``rank`` and ``iter`` are used.
            batch_idx: Not used.
            data_batch: Not used.
        """
        seed = hash_seed('iteration', runner.seed, runner.rank, runner.iter)
        seed_cpu_generators(seed)
        # accelerators as well; it only notes the seed, nothing is awaited
        torch.manual_seed(seed)
