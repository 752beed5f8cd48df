"""The logit distributions that one loss owns, and how they follow it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..mixtures.joint import update_banks
from .distributions import LogitDistributions
from .pending import PendingSamples
from .sampling import batch_labels, sample_batch
from .settings import NAMES, StatisticsSettings
from .takes_settings import takes_settings
from .waiting import (
    Gather,
    WaitingBanks,
    count_updates,
    drop_waiting,
    given_none,
)

SOURCE, TARGET = 0, 1


class LogitStatistics(LogitDistributions):
    """Distributions of logits that follow a training (Sec. 3.3.4).

    :meth:`collect` keeps samples of a batch, :meth:`update` fits the
    mixtures to all samples since the last one, and :meth:`offset` looks
    offsets up. The banks are buffers: they are saved, loaded and moved with
    the model. The samples and the table are not.

    Args:
        num_classes: Number of classes C; or all settings, of which those
            named besides are replaced.
        kernels: What computes: 'auto', fused kernels on a GPU and PyTorch
            elsewhere; 'triton' or 'torch', see
            :func:`..kernels.choice.runs_fused`. The results are the same,
            so that it is no setting, and not saved.
        **settings: Settings, see :class:`.settings.StatisticsSettings`.

    Raises:
        ValueError: A setting out of range.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> statistics = LogitStatistics(3, min_samples=5, warmup=0)
        >>> logits, labels = torch.randn(4, 3, 8, 8), torch.zeros(4, 8, 8)
        >>> labels[:, 4:] = 1
        >>> statistics.offset(logits, labels).any()  # nothing is known yet
        tensor(False)
        >>> statistics.collect(logits, labels)
        >>> statistics.update()
        >>> statistics.source.num_updates  # class 2 had no pixel
        tensor([[1, 1, 1],
                [1, 1, 1],
                [0, 0, 0]])
    """

    @takes_settings(*NAMES[1:])
    def __init__(
        self,
        num_classes: int | StatisticsSettings,
        *,
        kernels: str = 'auto',
        **settings: Any,
    ) -> None:
        given = (
            replace(num_classes, **settings)
            if isinstance(num_classes, StatisticsSettings)
            else StatisticsSettings(num_classes, **settings)
        )
        super().__init__(given, kernels)
        self.em_loops = given.em_loops
        self.min_samples = given.min_samples
        self.max_samples = given.max_samples
        self.collect_over = given.collect_over
        self.waiting = WaitingBanks(given) if given.collect_over > 1 else None
        self._pending = PendingSamples()  # of each rank

    # what it keeps is of no graph
    @torch.compiler.disable
    @torch.no_grad()
    def collect(
        self,
        logits: Tensor,
        labels: Tensor,
        target_mask: Tensor | None = None,
        weight: Tensor | None = None,
        ignore_index: int = 255,
    ) -> None:
        """Keep a balanced sample of a batch for the next update.

        Without ``target_mask`` the batch feeds the source bank. With it,
        its target pixels feed the target bank, and the source pixels pasted
        into it feed nothing (they are in the source batch already). The
        anchors take what ``anchor`` says.

        Args:
            logits: (N, C, ...).
            labels: (N, ...).
            target_mask: Pixels of the target domain, bool (N, ...).
            weight: Loss weight of each pixel, (N, ...). Pixels of weight 0
                are no samples: they are padding, cropped margins, or of a
                teacher that is not confident.
            ignore_index: Label of ignored pixels.
        """
        labels = batch_labels(
            labels,
            self.num_classes,
            weight,
            target_mask,
            ignore_index,
            self.kernels,
        )
        domain = 'source' if target_mask is None else 'target'
        drawn = sample_batch(
            logits,
            labels,
            domain,
            self.anchor,
            self.min_samples if self.waiting is None else 1,
            self.max_samples,
            self.kernels,
            self._pending.spare_memory(domain),
            equal=self.waiting is None,
        )
        for bank, samples in drawn.items():
            self._pending.add(bank, samples)

    @property
    def num_pending(self) -> int:
        """Calls whose samples wait for an update."""
        return len(self._pending)

    @torch.no_grad()
    def update(
        self,
        reduce: Callable[[Tensor], Tensor] | None = None,
        gather: Gather | None = None,
    ) -> None:
        """Fit the banks to the samples collected since the last update.

        Without samples a bank only grows older (its staleness n counts
        iterations). A pair's first update starts from components spread
        over its samples.

        Args:
            reduce: Sums a tensor over the ranks of a distributed run; all
                ranks must call, and end with the same banks.
            gather: Gives that of each rank, see
                :meth:`.waiting.WaitingBanks.take_all`. With ``reduce`` and
                ``collect_over`` it is needed.
        """
        banks = dict(
            source=self.source, target=self.target, anchors=self.anchors
        )
        samples = {
            name: self._pending.of(name, bank) for name, bank in banks.items()
        }
        self._pending.clear()
        if self.waiting is not None:
            steps = [bank.step.clone() for bank in banks.values()]
            samples = self.waiting.take_all(samples, reduce, gather)
            if given_none(samples):  # the table holds as well
                self.age()
                return count_updates(banks.values(), steps)
        update_banks(
            list(banks.values()),
            list(samples.values()),
            self.em_loops,
            reduce,
            kernels=self.kernels,
        )
        if self.waiting is not None:
            count_updates(banks.values(), steps)
        self._outdate()

    @torch.no_grad()
    def age(self) -> None:
        """Count an iteration without an update, and forget its samples.

        Offsets stay as they are.
        """
        banks = self.source, self.target, self.anchors
        torch._foreach_add_([bank.staleness for bank in banks], 1)
        self._pending.clear()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        if self.waiting is None:  # as of a training in which some wait
            drop_waiting(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _forget(self) -> None:
        """Drop samples of other numbers or another device as well."""
        super()._forget()
        self._pending = PendingSamples()
