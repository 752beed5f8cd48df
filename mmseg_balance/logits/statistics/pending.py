"""Samples that wait for the next update of the statistics."""

from torch import Tensor

from .. import host
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
        self._spare: dict[str, Tensor] = {}

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
        """Forget them; on the CPU their memory is kept for the next ones.

        There the system gives fresh pages one by one, which takes as long as
        to fill them.
        """
        for name, calls in self.samples.items():
            values = max((c.values for c in calls), key=Tensor.numel)
            if host.on_host(values):
                self._spare[name] = values
        self.samples.clear()

    def spare_memory(self, name: str) -> Tensor | None:
        """Memory of samples of a bank that were forgotten, if there is some.

        It is given away once.
        """
        return self._spare.pop(name, None)
