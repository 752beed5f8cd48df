"""What an update takes of the samples: sums, which ranks add up."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .. import host
from ..kernels.em import em_moments, sample_sums
from .inputs import LARGEST
from .moments import LIKELIHOOD_FLOOR, Parameters, shifted_moments
from .samples import Samples, in_rows, merged, placed

# Samples that a CPU sums at one time.
_CHUNK = 2**18


class Sums:
    """Sums over the samples of all mixtures, in PyTorch.

    Call after call on the CPU, whose cache few mixtures fill; elsewhere the
    samples of all calls are laid in rows of one length.

    Args:
        samples: Of each bank those of any number of calls.
        sizes: Mixtures of each bank; M in all.
    """

    def __init__(
        self, samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
    ) -> None:
        self.calls: list[tuple[Tensor, slice | Tensor]]
        if host.on_host(samples[0][0].values):
            self.calls = list(placed(samples, sizes))
        else:
            self.calls = [in_rows(samples, sizes)]
        self.num = sum(sizes)

    def of_samples(self, wanted: Tensor) -> Tensor:
        """Number of samples, their sum, and that of their squares.

        Args:
            wanted: Mixtures that are asked for, bool (M,); others may be
                left out.

        Returns:
            float64 (3, M).
        """
        sums = _zeros(wanted, 3, self.num)
        for values, place in self.calls:
            if not host.on_host(wanted):
                _add(sums, place, _sums_of(values))
                continue
            numbers = torch.arange(self.num)[place]
            asked = wanted[numbers].nonzero().squeeze(1)
            size = max(_CHUNK // max(values.shape[1], 1), 1)
            for some in asked.split(size):
                _add(sums, numbers[some], _sums_of(values[some]))
        return sums

    def moments(self, parameters: Parameters) -> Tensor:
        """Sums of an E step, see :func:`.em.em_moments`.

        Args:
            parameters: Weights, means and variances, each (M, K).

        Returns:
            float64 (3, M, K).
        """
        sums = _zeros(parameters[0], 3, *parameters[0].shape)
        for values, place in self.calls:
            own = tuple(p[place] for p in parameters)
            _add(sums, place, shifted_moments(values, own))
        return sums


class FusedSums:
    """The same by fused kernels, a launch for all banks.

    Args: as of :class:`Sums`.
    """

    def __init__(
        self, samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
    ) -> None:
        self.samples = merged(samples, sizes)

    def of_samples(self, wanted: Tensor) -> Tensor:
        """See :meth:`Sums.of_samples`."""
        return sample_sums(self.samples, LARGEST)

    def moments(self, parameters: Parameters) -> Tensor:
        """See :meth:`Sums.moments`."""
        return em_moments(
            self.samples, torch.stack(parameters), LARGEST, LIKELIHOOD_FLOOR
        )


def _sums_of(values: Tensor) -> Tensor:
    """Number, sum and sum of squares of samples (R, n), float64 (3, R)."""
    counted = ~values.isnan()
    double = values.nan_to_num().double()
    sums = counted.sum(-1), double.sum(-1), double.square_().sum(-1)
    return torch.stack([s.double() for s in sums])


def _add(sums: Tensor, place: slice | Tensor, found: Tensor) -> None:
    """Add what was found for some mixtures, of which some may be the same."""
    if isinstance(place, slice):
        sums[:, place] += found
    else:
        sums.index_add_(1, place, found)


def _zeros(like: Tensor, *shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64, device=like.device)
