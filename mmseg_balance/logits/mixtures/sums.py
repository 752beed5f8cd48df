"""What an update takes of the samples: sums, which ranks add up."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .. import host
from ..kernels.em import em_moments, sample_sums
from .inputs import LARGEST
from .moments import LIKELIHOOD_FLOOR, Parameters, shifted_moments
from .samples import Samples, merged, placed


class Sums:
    """Sums over the samples of all mixtures, call after call, in PyTorch.

    Args:
        samples: Of each bank those of any number of calls.
        sizes: Mixtures of each bank; M in all.
    """

    def __init__(
        self, samples: Sequence[Sequence[Samples]], sizes: Sequence[int]
    ) -> None:
        self.calls = list(placed(samples, sizes))
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
            if host.on_host(wanted):
                numbers = torch.arange(self.num)[place]
                asked = wanted[numbers]
                values, place = values[asked], numbers[asked]
            counted = ~values.isnan()
            double = values.nan_to_num().double()
            sums[0, place] += counted.sum(-1)
            sums[1, place] += double.sum(-1)
            sums[2, place] += double.square_().sum(-1)
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
            sums[:, place] += shifted_moments(values, own)
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


def _zeros(like: Tensor, *shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64, device=like.device)
