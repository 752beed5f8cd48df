"""An update of several banks at once (Alg. 1): EM, and the momentum step.

On a GPU it is launches that cost. So the parameters of all banks lie one
after the other, kernels take the samples of all of them, and what the ranks
of a run exchange is summed in one go.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .. import host
from ..kernels.choice import runs_fused, say_once
from ..kernels.em import MAX_COMPONENTS, update_mixtures
from .em import Reduce, m_step
from .inputs import LARGEST
from .moments import LIKELIHOOD_FLOOR, Parameters
from .momentum import initial_parameters, momentum_step
from .samples import Samples, merged
from .sums import FusedSums, Sums

if TYPE_CHECKING:
    from .gmm import GaussianMixtureBank

_PARAMETERS = ('weights', 'means', 'variances')
_COUNTERS = ('num_updates', 'staleness')


class JointBanks:
    """Parameters and counters of banks, one bank after the other.

    Args:
        banks: Up to three, of the same settings.

    Attributes:
        sizes: Mixtures of each bank.
        parameters: Weights, means and variances, float32 (3, M, K).
        counters: ``num_updates`` and ``staleness`` of all mixtures and
            ``step`` of all banks, int64 (2 M + banks).
    """

    def __init__(self, banks: Sequence['GaussianMixtureBank']) -> None:
        self.banks = banks
        self.sizes = [bank.num_updates.numel() for bank in banks]
        self.parameters = torch.cat(
            [getattr(b, name).flatten() for name in _PARAMETERS for b in banks]
        ).view(3, sum(self.sizes), -1)
        self.counters = torch.cat(
            [getattr(b, name).flatten() for name in _COUNTERS for b in banks]
            + [b.step.view(1) for b in banks]
        )

    def write(self, parameters: Tensor, counters: Tensor) -> None:
        """Give the banks new parameters and counters."""
        mixtures = sum(self.sizes)
        num_updates, staleness, steps = counters.split(
            [mixtures, mixtures, len(self.banks)]
        )
        for names, values in (
            (_PARAMETERS, parameters),
            (_COUNTERS, (num_updates, staleness)),
        ):
            old = [getattr(b, name) for name in names for b in self.banks]
            new = [
                part for value in values for part in value.split(self.sizes)
            ]
            if names is _COUNTERS:
                old += [bank.step for bank in self.banks]
                new += steps.unbind()
            torch._foreach_copy_(
                old, [n.view_as(o) for o, n in zip(old, new, strict=True)]
            )


@torch.no_grad()
def update_banks(
    banks: Sequence['GaussianMixtureBank'],
    samples: Sequence[Sequence[Samples]],
    num_loops: int = 3,
    reduce: Reduce | None = None,
    initialize: bool = True,
    kernels: str = 'auto',
) -> None:
    """Fit banks to samples, and move them there with momentum.

    Mixtures without a sample only grow older.

    Args:
        banks: Up to three, of the same settings but for their shape.
        samples: Of each bank those of any number of calls.
        num_loops: EM loops T, at least 1.
        reduce: Sums a tensor over the ranks of a distributed run; all ranks
            must call, and end with the same banks. Default: one rank.
        initialize: Whether mixtures that were never updated are placed over
            their samples first.
        kernels: See :func:`..kernels.choice.runs_fused`.
    """
    joint = JointBanks(banks)
    like = banks[0]
    fused = _runs_fused(like, kernels)
    if fused and reduce is None:
        joint.write(
            *update_mixtures(
                merged(samples, joint.sizes),
                joint.parameters,
                joint.counters,
                like.quantiles,
                num_loops,
                like.momentum,
                like.warmup,
                like.min_variance,
                initialize,
                LARGEST,
                LIKELIHOOD_FLOOR,
            )
        )
        return
    sums = (FusedSums if fused else Sums)(samples, joint.sizes)
    same = reduce or (lambda tensor: tensor)
    begin: Parameters = tuple(joint.parameters)
    fresh = joint.counters[: len(begin[0])] == 0
    # the counters are equal on all ranks, which skip this together
    if initialize and not (host.on_host(fresh) and not bool(fresh.any())):
        begin = initial_parameters(
            same(sums.of_samples(fresh)),
            fresh,
            begin,
            like.quantiles,
            like.min_variance,
        )
    fitted = begin
    for _ in range(num_loops):
        moments = same(sums.moments(fitted))
        fitted = m_step(moments, fitted, like.min_variance)
    takes_part = moments[0].sum(-1) > 0
    joint.write(
        *momentum_step(
            begin,
            fitted,
            takes_part,
            joint.counters,
            joint.sizes,
            like.momentum,
            like.warmup,
        )
    )


def _runs_fused(bank: 'GaussianMixtureBank', kernels: str) -> bool:
    """Whether kernels fit a bank; where it is too large a line says so."""
    if not runs_fused(bank.means, kernels):
        return False
    if bank.num_components > MAX_COMPONENTS:
        say_once(
            f'Kernels fit mixtures of at most {MAX_COMPONENTS} components, '
            f'not {bank.num_components}'
        )
        return False
    return True
