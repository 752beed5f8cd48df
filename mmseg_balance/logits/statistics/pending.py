"""Samples that wait for the next update of the statistics."""

from ..mixtures.gmm import GaussianMixtureBank
from ..mixtures.samples import Samples

# Samples of more calls than this without an update belong to the past.
MAX_PENDING = 4


class PendingSamples:
    """Samples of the last calls of ``collect``, for each bank by its name.

    They are no buffers: nothing of them is saved.
    """

    def __init__(self) -> None:
        # ranks: none, each has its own, and what EM takes of them is summed
        self.samples: dict[str, list[Samples]] = {}

    def __len__(self) -> int:
        """Calls whose samples wait, of the bank that has most."""
        return max(map(len, self.samples.values()), default=0)

    def add(self, name: str, samples: Samples) -> None:
        """Keep the samples of a call; those of the oldest give way.

        Args:
            name: Of the bank.
            samples: Of its mixtures.
        """
        pending = self.samples.setdefault(name, [])
        pending.append(samples)
        del pending[:-MAX_PENDING]

    def of(self, name: str, bank: GaussianMixtureBank) -> list[Samples]:
        """Samples of a bank, of each call."""
        pending = self.samples.get(name)
        return pending or [Samples(bank.means.new_empty(*bank.shape, 0))]

    def clear(self) -> None:
        """Forget them."""
        self.samples.clear()
