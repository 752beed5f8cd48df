"""Samples that wait for the next update of the statistics."""

import torch
from torch import Tensor

from ..mixtures.gmm import GaussianMixtureBank

# Samples of more calls than this without an update belong to the past.
MAX_PENDING = 4


class PendingSamples:
    """Samples of the last calls of ``collect``, for each bank by its name.

    They are no buffers: nothing of them is saved.
    """

    def __init__(self) -> None:
        # ranks: none, each has its own, and what EM takes of them is summed
        self.samples: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def __len__(self) -> int:
        """Calls whose samples wait, of the bank that has most."""
        return max(map(len, self.samples.values()), default=0)

    def add(self, name: str, samples: Tensor, valid: Tensor) -> None:
        """Keep the samples of a call; those of the oldest give way.

        Args:
            name: Of the bank.
            samples: ``(*shape, n)``.
            valid: Samples that count, bool ``(*shape, n)``, or (C, n) for
                a bank (C, C).
        """
        pending = self.samples.setdefault(name, [])
        pending.append((samples, valid))
        del pending[:-MAX_PENDING]

    def of(
        self, name: str, bank: GaussianMixtureBank
    ) -> tuple[Tensor, Tensor]:
        """All samples of a bank, and those that count, ``(*shape, N)``."""
        pending = self.samples.get(name)
        if not pending:
            samples = bank.means.new_zeros(*bank.shape, 0)
            return samples, samples.bool()
        samples = torch.cat([samples for samples, _ in pending], dim=-1)
        valid = torch.cat([valid for _, valid in pending], dim=-1)
        if valid.dim() < samples.dim():  # a row of pairs shares its pixels
            valid = valid.unsqueeze(1)
        return samples, valid.expand_as(samples)

    def clear(self) -> None:
        """Forget them."""
        self.samples.clear()
