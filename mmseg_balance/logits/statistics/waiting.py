"""Logits that wait until their class has enough for an update (Alg. 1).

A batch of a classifier has an image or two of a class, and never N_min. So
the logits of several updates together count as one batch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UserValueError
from .. import host
from ..mixtures.gmm import GaussianMixtureBank
from ..mixtures.samples import Samples
from .sampling import ANCHOR_SAMPLES, DEFAULT_CLASS_SAMPLES
from .settings import StatisticsSettings

Gather = Callable[[Tensor], Sequence[Tensor]]


class WaitingSamples(nn.Module):
    """The last logits of groups (classes) that have not got enough yet.

    As soon as a group has ``min_samples`` of them it gives what it has, as
    one batch would that has them all, and begins anew. Until then they are
    buffers: at most ``min_samples - 1`` of a group, saved with the model.

    Args:
        groups: Number of groups G, classes for one.
        num_logits: Logits L of a sample.
        min_samples: Samples N_min that a group needs.
        max_samples: Cap of those that it gives.
        updates: From how many updates they may be, that of now included.

    Attributes:
        values: float32 (G, L, N_min - 1), 0 where there is none.
        ages: Updates since they came, -1 where there is none,
            (G, N_min - 1); the oldest first.
    """

    values: Tensor  # ranks: equal, as samples of all are added
    ages: Tensor  # equal

    def __init__(
        self,
        groups: int,
        num_logits: int,
        min_samples: int,
        max_samples: int,
        updates: int,
    ) -> None:
        super().__init__()
        self.min_samples = min_samples
        self.max_samples = max_samples
        self.updates = updates
        places = min_samples - 1
        self.register_buffer('values', torch.zeros(groups, num_logits, places))
        self.register_buffer(
            'ages', torch.full((groups, places), -1, dtype=torch.long)
        )

    def take(self, fresh: Tensor) -> tuple[Tensor, Tensor]:
        """Add the samples of an update, and give those that are enough.

        Each group that has enough gives as many as the one with the fewest
        (N_sample), its newest.

        Args:
            fresh: (G, L, n); a sample with a logit that is not finite is
                none.

        Returns:
            Samples of all groups that are known, (G, L, m), and those that
            are given, bool (G, m).
        """
        is_fresh = fresh.isfinite().all(1)
        waited = torch.where(self.ages < 0, -1, self.ages + 1)
        waited = waited.masked_fill(waited >= self.updates, -1)
        ages = torch.cat([waited, is_fresh.long() - 1], 1)
        values = torch.cat([self.values, fresh], 2)
        known = ages >= 0
        counts = known.sum(1)
        enough = counts >= self.min_samples
        most = self.max_samples
        fewest = counts.masked_fill(~enough, most).min().clamp(max=most)
        newer = known.flip(1).cumsum(1).flip(1)  # from 1, the newest
        given = known & enough[:, None] & (newer <= fewest)
        self._keep(values, ages.masked_fill(enough[:, None], -1))
        return values, given

    def _keep(self, values: Tensor, ages: Tensor) -> None:
        """Keep samples of age 0 and more, in their order."""
        order = (ages >= 0).byte().argsort(dim=1, stable=True)
        order = order[:, ages.shape[1] - self.ages.shape[1] :]
        self.ages.copy_(ages.gather(1, order))
        kept = values.gather(2, order[:, None].expand_as(self.values))
        self.values.copy_(kept.masked_fill(self.ages[:, None] < 0, 0))

    def _apply(self, fn: Callable, recurse: bool = True) -> 'WaitingSamples':
        """Move with the model, but stay float32 when it is cast."""
        kept = self.values
        super()._apply(fn, recurse)
        self.values = kept.to(self.values.device)
        return self

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Begin empty where a checkpoint is of a model in which none wait."""
        for name in ('values', 'ages'):
            state_dict.setdefault(prefix + name, getattr(self, name))
        super()._load_from_state_dict(state_dict, prefix, *args)


class WaitingBanks(nn.Module):
    """What waits for each bank of the statistics.

    Args:
        settings: Those of the statistics, ``collect_over`` above 1.
    """

    def __init__(self, settings: StatisticsSettings) -> None:
        super().__init__()
        least, updates = settings.min_samples, settings.collect_over
        num = settings.num_classes
        most = settings.max_samples or DEFAULT_CLASS_SAMPLES
        self.source = WaitingSamples(num, num, least, most, updates)
        self.target = WaitingSamples(num, num, least, most, updates)
        # of a class, its own and those of others are groups (Table 14)
        self.anchors = (
            WaitingSamples(2, 1, least, most, updates)
            if isinstance(settings.anchor, int)
            else WaitingSamples(1, 2, least, ANCHOR_SAMPLES, updates)
        )

    def take_all(
        self,
        collected: Mapping[str, Sequence[Samples]],
        reduce: Callable[[Tensor], Tensor] | None = None,
        gather: Gather | None = None,
    ) -> dict[str, list[Samples]]:
        """Add what was collected, and give what the banks are fitted to.

        Args:
            collected: Samples of each call, by the name of their bank.
            reduce: Sums a tensor over ranks, which all give the same
                samples: so none of them counts for more. Default: one rank.
            gather: Gives a tensor of each rank, this one's among them, in
                their order; NaN fills up those that are shorter.

        Returns:
            Samples of each bank; on the CPU of those rows alone that are
            given some.

        Raises:
            ValueError: There are ranks, and no ``gather``.
        """
        if reduce is not None and gather is None:
            raise UserValueError(
                'Expected `gather` beside `reduce`, since collect_over='
                f'{self.source.updates} keeps the logits of all ranks'
            )
        return {
            name: [self._take(name, calls, gather)]
            for name, calls in collected.items()
        }

    def _take(
        self, name: str, calls: Sequence[Samples], gather: Gather | None
    ) -> Samples:
        own: WaitingSamples = getattr(self, name)
        groups, num_logits, _ = own.values.shape
        fresh = torch.cat([_whole(c, groups, num_logits) for c in calls], 2)
        if gather is not None:
            fresh = torch.cat(list(gather(fresh)), 2)
        values, given = own.take(fresh)
        if not host.on_host(values):
            values = values.masked_fill(~given[:, None], torch.nan)
            return Samples(_of_bank(name, values))
        rows = given.any(1).nonzero().squeeze(1)
        picked = values.transpose(1, 2)[given].view(
            len(rows), -1 if len(rows) else 0, num_logits
        )
        picked = picked.transpose(1, 2).contiguous()
        if groups == 1:  # both anchors are one row
            return Samples(picked.reshape(num_logits, -1))
        return Samples(_of_bank(name, picked), rows)


def drop_waiting(state_dict: dict[str, Any], prefix: str) -> None:
    """Take what waits out of a state that is of statistics.

    Args:
        state_dict: Changed in place.
        prefix: Of the keys of the statistics.
    """
    for key in [k for k in state_dict if k.startswith(f'{prefix}waiting.')]:
        del state_dict[key]


def given_none(samples: Mapping[str, Sequence[Samples]]) -> bool:
    """Whether no bank has samples, where the CPU knows."""
    return not any(
        call.values.numel() or not host.on_host(call.values)
        for calls in samples.values()
        for call in calls
    )


def count_updates(
    banks: Iterable[GaussianMixtureBank], steps: Sequence[Tensor]
) -> None:
    """Let the ramp of the momentum count updates that fitted no class.

    Args:
        banks: After an update.
        steps: Their ``step`` before it.
    """
    for bank, step in zip(banks, steps, strict=True):
        bank.step += (bank.step == step) & (step > 0)


def _of_bank(name: str, values: Tensor) -> Tensor:
    """Samples (R, L, n) in the shape that a bank takes them in."""
    return values.flatten(0, 1) if name == 'anchors' else values


def _whole(samples: Samples, groups: int, num_logits: int) -> Tensor:
    """Samples of all groups, (G, L, n), NaN where there is none."""
    values, rows = samples
    size = values.shape[-1]
    if rows is None:
        return values.reshape(groups, num_logits, size)
    full = values.new_full((groups, num_logits, size), torch.nan)
    full[rows] = values
    return full
