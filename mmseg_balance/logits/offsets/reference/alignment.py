"""Alignment of logits with anchor distributions through their CDFs."""

import torch
from torch import Tensor

from ....errors import UserValueError
from ...mixtures.em import Parameters, mixture_cdf
from ...mixtures.gmm import GaussianMixtureBank


def cdf_table(
    weights: Tensor, means: Tensor, variances: Tensor, num_points: int
) -> tuple[Tensor, Tensor]:
    """Points over mean +- 3 sigma of all components, and the CDF there.

    Args:
        weights, means, variances: ``(*shape, K)``.
        num_points: Points P.

    Returns:
        Points and CDF, each ``(*shape, P)``.
    """
    reach = 3 * variances.sqrt()
    low = (means - reach).amin(-1, keepdim=True)
    high = (means + reach).amax(-1, keepdim=True)
    unit = torch.linspace(0, 1, num_points, device=means.device)
    points = low + (high - low) * unit
    return points, mixture_cdf(points, weights, means, variances)


def inverse_cdf(
    p: Tensor,
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
    clip: float = 0.01,
    num_points: int = 1000,
) -> Tensor:
    """Quantiles F^-1(p) of Gaussian mixtures, from a table (App. D).

    Args:
        p: Probabilities, ``(*shape, N)``.
        weights, means, variances: Mixtures, ``(*shape, K)``.
        clip: p is clamped to [clip, 1 - clip] first.
        num_points: Points of the table.

    Returns:
        Quantiles, ``(*shape, N)``; outside the table its first or last point.

    Example:
        >>> standard = torch.ones(1), torch.zeros(1), torch.ones(1)
        >>> inverse_cdf(torch.tensor([0.5, 0.975, 1.0]), *standard)
        tensor([0.0000, 1.9600, 2.3264])
    """
    points, cdf = cdf_table(weights, means, variances, num_points)
    p = p.clamp(clip, 1 - clip).contiguous()
    right = torch.searchsorted(cdf, p).clamp_(1, num_points - 1)
    left = right - 1
    cdf_left, cdf_right = _take(cdf, left), _take(cdf, right)
    step = (points[..., -1:] - points[..., :1]) / (num_points - 1)
    # a flat stretch of the CDF has no inverse: take its left end
    share = (p - cdf_left) / (cdf_right - cdf_left).clamp_(min=1e-12)
    return points[..., :1] + (share.clamp_(0, 1) + left) * step


def _take(table: Tensor, index: Tensor) -> Tensor:
    """``table.gather(-1, index)``; faster on CPUs for a single table."""
    if table.numel() == table.shape[-1]:
        flat = table.view(-1).index_select(0, index.view(-1))
        return flat.view_as(index)
    return table.gather(-1, index)


def align(
    z: Tensor,
    parameters: Parameters,
    is_positive: Tensor,
    anchors: GaussianMixtureBank,
    clip: float,
) -> Tensor:
    """z' = F_a^-1(F_cl(z)) of Eq. 6: its reference implementation.

    Args:
        z: Logits, ``(*shape, N)``.
        parameters: The mixtures they come from, each ``(*shape, K)``.
        is_positive: Which of them are positive (c = l), bool, of a shape
            that broadcasts to ``(*shape, N)``.
        anchors: Bank of shape (2,): positive, then negative.
        clip: Clamp of the CDF.

    Returns:
        Aligned logits, ``(*shape, N)``.
    """
    p = mixture_cdf(z, *parameters)
    flat = p.reshape(1, -1)
    weights, means, variances = anchors.parameters_
    positive, negative = (
        inverse_cdf(flat, weights[a], means[a], variances[a], clip).view_as(p)
        for a in (slice(0, 1), slice(1, 2))
    )
    return torch.where(is_positive, positive, negative)


def check_banks(
    bank: GaussianMixtureBank,
    anchors: GaussianMixtureBank | None = None,
    num_classes: int | None = None,
) -> None:
    """Refuse banks whose shapes do not belong together.

    Raises:
        ValueError: Names the bank, its shape and the shape expected.
    """
    if len(bank.shape) != 2 or bank.shape[0] != bank.shape[1]:
        raise UserValueError(
            f'Expected `bank` to be of shape (C, C), but got {bank.shape}'
        )
    if num_classes is not None and bank.shape[0] != num_classes:
        raise UserValueError(
            f'Expected a bank of {num_classes} classes, one for '
            f'each logit, but got one of {bank.shape[0]}'
        )
    if anchors is not None and anchors.shape != (2,):
        raise UserValueError(
            'Expected `anchors` to be of shape (2,), positive '
            f'and negative, but got {anchors.shape}'
        )
