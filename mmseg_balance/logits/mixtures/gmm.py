"""Banks of one-dimensional Gaussian mixtures, fitted online (Eq. 8, Alg. 1).

A bank holds one mixture for each element of ``shape``: (C, C) for the
distributions of logit l over the pixels of label c, (2,) for the anchors.
All of its mixtures are fitted at once.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .em import Parameters, Reduce, em_step, mixture_cdf
from .inputs import check_mixture_settings, counted
from .joint import JointBanks, update_banks
from .momentum import initial_parameters, normal_quantiles
from .samples import Samples
from .sums import Sums


class GaussianMixtureBank(nn.Module):
    """One-dimensional Gaussian mixtures that follow a stream of samples.

    BLDA (ICML 2025), Eq. 8 and Alg. 1; agrees with the released code, which
    takes the momentum step on variances.

    Args:
        shape: Leading shape of the bank, (C, C) or (2,).
        num_components: Components K of each mixture.
        momentum: Share of the old parameters in an update, [0, 1).
        warmup: Updates of the bank over which the momentum grows from 0 to
            its value. 0: no ramp, and the first update of a pair replaces
            its parameters.
        min_variance: Floor of the variances.

    Attributes:
        weights, means, variances: float32 ``(*shape, K)``.
        num_updates: Updates so far, ``(*shape)``.
        staleness: Iterations since the last update, ``(*shape)``; 1 after an
            update in the iteration before.
        step: Updates of the bank in which any mixture took part, ().

        All are equal on the ranks of a run: what an update takes of the
        samples, which differ, is summed over them.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> bank = GaussianMixtureBank((2,), num_components=3, warmup=0)
        >>> samples = torch.randn(2, 1000) + torch.tensor([[-4.0], [4.0]])
        >>> bank.initialize(samples)
        >>> bank.update(samples, mask=torch.tensor([True, True]))
        >>> bank.cdf(torch.tensor([[-4.0], [4.0]])).round(decimals=1)
        tensor([[0.5000],
                [0.5000]])
    """

    weights: Tensor  # ranks: equal, as are all below
    means: Tensor  # equal
    variances: Tensor  # equal
    num_updates: Tensor  # equal
    staleness: Tensor  # equal
    step: Tensor  # equal

    def __init__(
        self,
        shape: Sequence[int],
        num_components: int = 5,
        momentum: float = 0.99,
        warmup: int = 1500,
        min_variance: float = 1e-4,
    ) -> None:
        super().__init__()
        check_mixture_settings(num_components, momentum, warmup, min_variance)
        self.shape = tuple(shape)
        self.num_components = num_components
        self.momentum = momentum
        self.warmup = warmup
        self.min_variance = min_variance
        full = (*self.shape, num_components)
        self.register_buffer('weights', torch.full(full, 1 / num_components))
        # spread out, or EM could never tell the components apart
        quantiles = normal_quantiles(num_components)
        self.register_buffer('means', quantiles.expand(full).clone())
        # ranks: equal, it follows from the settings
        self._quantiles = quantiles
        self.register_buffer('variances', torch.ones(full))
        self.register_buffer(
            'num_updates', torch.zeros(self.shape, dtype=torch.long)
        )
        self.register_buffer(
            'staleness', torch.ones(self.shape, dtype=torch.long)
        )
        self.register_buffer('step', torch.zeros((), dtype=torch.long))

    @property
    def parameters_(self) -> Parameters:
        """Weights, means and variances, each ``(*shape, K)``."""
        return self.weights, self.means, self.variances

    @property
    def quantiles(self) -> Tensor:
        """Where components begin, standard normal quantiles (K,)."""
        device = self.means.device
        if self._quantiles.device != device:
            self._quantiles = normal_quantiles(self.num_components, device)
        return self._quantiles

    def cdf(self, z: Tensor) -> Tensor:
        """Cumulative distribution of each mixture at z ``(*shape, N)``."""
        return mixture_cdf(z, *self.parameters_)

    @torch.no_grad()
    def fit(
        self,
        samples: Tensor,
        num_loops: int,
        valid: Tensor | None = None,
        reduce: Reduce | None = None,
    ) -> Parameters:
        """Run EM from the present parameters and change nothing.

        Args:
            samples: ``(*shape, N)``; what is not finite, or beyond 1e6, does
                not count.
            num_loops: EM loops T.
            valid: Samples that count, bool ``(*shape, N)``. Default: all.
            reduce: Sums a tensor over ranks. Default: one rank.

        Returns:
            Weights, means and variances after the loops.

        Raises:
            ValueError: Shapes that do not fit the bank.
        """
        samples, valid = counted(samples, valid, self.shape)
        parameters = self.parameters_
        for _ in range(num_loops):
            parameters = em_step(
                samples, parameters, valid, self.min_variance, reduce
            )
        return parameters

    @torch.no_grad()
    def initialize(
        self,
        samples: Tensor,
        valid: Tensor | None = None,
        reduce: Reduce | None = None,
    ) -> None:
        """Place the components of never updated mixtures over their samples.

        EM from components that lie far from the samples gives each of them
        the same share for ever, one wide Gaussian in the end. Here they
        start at the normal quantiles of the samples' mean and variance.

        Args: as in :meth:`fit`.
        """
        joint = JointBanks([self])
        fresh = self.num_updates.flatten() == 0
        own = [self._samples(samples, valid)]
        sums = Sums([own], joint.sizes).of_samples(fresh)
        placed = initial_parameters(
            sums if reduce is None else reduce(sums),
            fresh,
            tuple(joint.parameters),
            self.quantiles,
            self.min_variance,
        )
        joint.write(torch.stack(placed), joint.counters)

    @torch.no_grad()
    def update(
        self,
        samples: Tensor,
        mask: Tensor,
        num_loops: int = 3,
        valid: Tensor | None = None,
        reduce: Reduce | None = None,
        kernels: str = 'auto',
    ) -> None:
        """EM, then the momentum step for the masked pairs (Alg. 1, 13-16).

        phi <- (1 - m^n) phi_T + m^n phi with n the staleness and
        m = momentum * min(step / warmup, 1).

        Args:
            samples: ``(*shape, N)``.
            mask: Pairs that take part, bool ``(*shape)``; those without a
                valid sample do not.
            num_loops: EM loops T.
            valid: Samples that count, bool ``(*shape, N)``. Default: all.
            reduce: Sums a tensor over ranks. Default: one rank.
            kernels: See :func:`..kernels.choice.runs_fused`.
        """
        own = self._samples(samples, valid, mask)
        update_banks(
            [self],
            [[own]],
            num_loops,
            reduce,
            initialize=False,
            kernels=kernels,
        )

    def _samples(
        self,
        samples: Tensor,
        valid: Tensor | None,
        mask: Tensor | None = None,
    ) -> Samples:
        """Samples with NaN in place of those that do not count."""
        samples, valid = counted(samples, valid, self.shape)
        if mask is not None:
            valid = valid & mask.unsqueeze(-1)
        return Samples(samples.masked_fill(~valid, torch.nan))

    def _apply(self, fn, recurse: bool = True) -> 'GaussianMixtureBank':
        """Move with the model, but stay float32 when it is cast."""
        kept = {k: getattr(self, k) for k in ('weights', 'means', 'variances')}
        super()._apply(fn, recurse)
        for name, value in kept.items():
            setattr(self, name, value.to(getattr(self, name).device))
        return self

    def extra_repr(self) -> str:
        """Shape and settings, for print(model)."""
        return (
            f'shape={self.shape}, num_components={self.num_components}, '
            f'momentum={self.momentum}, warmup={self.warmup}'
        )
