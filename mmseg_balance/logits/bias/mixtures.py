"""What the logit distributions say of a network's bias (Eq. 5, Table 15)."""

import math

import torch
from torch import Tensor

from ..mixtures.em import mixture_cdf
from ..mixtures.gmm import GaussianMixtureBank
from ..progress import Track, untracked

# Knots of each component between -7 and 7 sigma: an integral whose knots
# follow the components is right for a component at the variance floor too.
_KNOTS = 181
# Eq. 5 takes C^2 K CDFs at each knot; where there are many components, fewer
# knots of each give it to 2e-6.
_FEWEST_KNOTS = 47
_ENOUGH_KNOTS = 17152
_REACH = 7.0


@torch.no_grad()
def mixture_bias(
    bank: GaussianMixtureBank, track: Track = untracked
) -> Tensor:
    """Bias(l) of Eq. 4 with P(l | c) from the mixtures (Eq. 5).

    P(l | c) = integral of P_cl(z) times the product of F_cl'(z) over the
    other classes l': the chance that logit l is the largest, the logits of
    a pixel being taken for independent.

    Args:
        bank: Mixtures of shape (C, C).
        track: Shows progress, see :data:`.progress.Track`.

    Returns:
        Bias, float64 (C,). Classes whose row was never fitted are left out
        of the mean, C counts the others, and their own entry is NaN.

    Example:
        >>> bank = GaussianMixtureBank((2, 2))
        >>> _ = bank.num_updates.fill_(1)
        >>> bank.means[:, 0] += 1.0  # logit 0 is larger for both classes
        >>> mixture_bias(bank)
        tensor([ 0.2002, -0.2002], dtype=torch.float64)
    """
    fitted = (bank.num_updates > 0).all(1)
    num_fitted = max(int(fitted.sum()), 1)
    total = torch.zeros(
        bank.shape[0], dtype=torch.float64, device=bank.means.device
    )
    for c in track(fitted.nonzero().flatten().tolist(), 'bias, Eq. 5'):
        total += winning_probability(*(p[c] for p in bank.parameters_))
    bias = total / num_fitted - 1 / num_fitted
    return bias.masked_fill(~fitted, torch.nan)


def winning_probability(
    weights: Tensor, means: Tensor, variances: Tensor
) -> Tensor:
    """Chance of each of several mixtures to give the largest draw (Eq. 5).

    Args:
        weights, means, variances: (L, K).

    Returns:
        Probabilities, float64 (L,); they sum to 1 (to 1e-4).
    """
    parameters = [p.double() for p in (weights, means, variances)]
    num = _ENOUGH_KNOTS // means.numel()
    num = min(max(num, _FEWEST_KNOTS), _KNOTS)
    knots = _knots(parameters[1], parameters[2], num).flatten().sort().values
    cdf = mixture_cdf(knots.expand(len(means), -1), *parameters)
    log_cdf = cdf.clamp(min=1e-300).log()
    others = (log_cdf.sum(0) - log_cdf).exp()
    # integral of the product over the others with respect to F_l
    return (cdf.diff(dim=1) * (others[:, 1:] + others[:, :-1]) / 2).sum(1)


@torch.no_grad()
def js_divergence(
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank,
    track: Track = untracked,
) -> Tensor:
    """Jensen-Shannon divergence of each P_cl from its anchor (Table 15).

    Args:
        bank: Mixtures of shape (C, C).
        anchors: Bank of shape (2,): the positive anchor for c = l, the
            negative one for the others.
        track: Shows progress.

    Returns:
        Divergence in nats, float64 (C, C), between 0 and log 2; NaN for
        pairs that were never fitted.

    Example:
        >>> bank = GaussianMixtureBank((2, 2))
        >>> anchors = GaussianMixtureBank((2,))
        >>> _ = bank.num_updates.fill_(1)
        >>> bank.means[0, 1] += 3.0
        >>> js_divergence(bank, anchors)
        tensor([[0.0000, 0.3930],
                [0.0000, 0.0000]], dtype=torch.float64)
    """
    num_classes = bank.shape[0]
    kind = 1 - torch.eye(num_classes, device=bank.means.device).long()
    divergence = torch.stack(
        [
            _js(
                [p[c].double() for p in bank.parameters_],
                [p[kind[c]].double() for p in anchors.parameters_],
            )
            for c in track(range(num_classes), 'divergences')
        ]
    )
    return divergence.masked_fill(bank.num_updates == 0, torch.nan)


def _js(first: list[Tensor], second: list[Tensor]) -> Tensor:
    knots = torch.cat(
        [_knots(p[1], p[2]).flatten(1) for p in (first, second)], 1
    )
    knots = knots.sort(dim=1).values
    p, q = (_density(knots, *parameters) for parameters in (first, second))
    middle = (p + q) / 2
    terms = (torch.xlogy(p, p / middle) + torch.xlogy(q, q / middle)) / 2
    # no density at all: 0 log (0 / 0) is 0
    divergence = torch.trapezoid(terms.nan_to_num(0.0), knots, dim=1)
    return divergence.clamp_(0, math.log(2))


def _density(
    z: Tensor, weights: Tensor, means: Tensor, variances: Tensor
) -> Tensor:
    density = torch.zeros_like(z)
    for k in range(weights.shape[-1]):
        mean, variance = means[..., k, None], variances[..., k, None]
        exponent = -((z - mean) ** 2) / (2 * variance)
        density += (
            weights[..., k, None]
            * exponent.exp()
            / (2 * math.pi * variance).sqrt()
        )
    return density


def _knots(means: Tensor, variances: Tensor, num: int = _KNOTS) -> Tensor:
    """Points over +- 7 sigma of each component, (..., K, num)."""
    unit = torch.linspace(
        -_REACH, _REACH, num, dtype=means.dtype, device=means.device
    )
    return means[..., None] + variances.sqrt()[..., None] * unit
