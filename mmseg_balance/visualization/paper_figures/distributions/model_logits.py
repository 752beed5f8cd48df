"""Logits of a model by class: samples, mixtures, and anchors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmseg_balance.logits.mixtures.em import Parameters, mixture_cdf
from mmseg_balance.logits.mixtures.gmm import GaussianMixtureBank
from mmseg_balance.logits.offsets.reference.alignment import (
    check_banks,
    inverse_cdf,
)
from mmseg_balance.logits.statistics.reservoir import LogitReservoir

from ....errors import UserValueError

POSITIVE, NEGATIVE = 'positive', 'negative'
KINDS = (POSITIVE, NEGATIVE)


@dataclass(frozen=True)
class ModelLogits:
    """What the distributions of logits of one model are drawn from.

    The positive distribution of class l is that of logit l on the pixels of
    class l, the negative one that on the pixels of the other classes, each
    of which counts the same, as each row does in Eq. 4.

    Attributes:
        name: Of the model, shown to the reader.
        classes: Names of the C classes.
        bias: Bias (C,) of Eq. 4, between -1 and 1, or of Eq. 5 where there
            are mixtures alone; NaN where it is not known.
        bank: Mixtures (C, C), of logit l on pixels of class c.
        anchors: Bank of shape (2,), positive and negative.
        samples: Logits of labelled pixels; None where there are mixtures
            alone, and no histograms then.

    Raises:
        ValueError: The numbers of classes differ.
    """

    name: str
    classes: Sequence[str]
    bias: Tensor
    bank: GaussianMixtureBank
    anchors: GaussianMixtureBank
    samples: LogitReservoir | None = None

    def __post_init__(self) -> None:
        num_classes = len(self.classes)
        check_banks(self.bank, self.anchors, num_classes)
        for name, found in (
            ('bias', len(self.bias)),
            ('samples', getattr(self.samples, 'num_classes', num_classes)),
        ):
            if found != num_classes:
                raise UserValueError(
                    f'Expected `{name}` to be of the {num_classes} classes '
                    f'of {self.name}, but got {found}'
                )

    @property
    def fitted(self) -> Tensor:
        """Classes whose row of mixtures was fitted, bool (C,)."""
        return (self.bank.num_updates > 0).all(1).cpu()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Distributions of a fitted class: one alone has no negative one."""
        return KINDS if int(self.fitted.sum()) > 1 else (POSITIVE,)

    def mixture(self, c: int, kind: str) -> Parameters:
        """A distribution of class c as one mixture.

        Args:
            c: A fitted class.
            kind: Of ``KINDS``.

        Returns:
            Weights, means and variances, float64 (K,) of the positive one;
            (R K,) of the negative one, of the R fitted classes besides c,
            one after the other.
        """
        others = self.fitted.clone()
        others[c] = False
        rows = (
            torch.tensor([c]) if kind == POSITIVE else others.nonzero()[:, 0]
        )
        weights, means, variances = (
            p.cpu().double()[rows, c].flatten() for p in self.bank.parameters_
        )
        return weights / max(len(rows), 1), means, variances

    def anchor(self, kind: str) -> Parameters:
        """An anchor, float64 (K,) each."""
        i = KINDS.index(kind)
        weights, means, variances = (
            p.cpu().double()[i] for p in self.anchors.parameters_
        )
        return weights, means, variances

    def histogram(self, c: int, kind: str, edges: np.ndarray) -> np.ndarray:
        """Density of the samples of a distribution of class c.

        Args:
            c: A fitted class.
            kind: Of ``KINDS``.
            edges: Ends of the B bins, (B + 1,); samples beyond them count,
                but in no bin.

        Returns:
            Density (B,), per unit of the logit.

        Raises:
            ValueError: The model has mixtures alone.
        """
        if self.samples is None:
            raise UserValueError(f'{self.name} has no samples of its logits')
        rows = [c]
        if kind == NEGATIVE:
            fitted = self.fitted.nonzero()[:, 0].tolist()
            rows = [i for i in fitted if i != c]
        total = np.zeros(len(edges) - 1)
        for row in rows:
            values = self.samples.class_logits(row)[:, c].numpy()
            counts, _ = np.histogram(values, edges)
            total += counts / max(len(values), 1)
        return total / max(len(rows), 1) / np.diff(edges)


def bin_density(parameters: Parameters, edges: np.ndarray) -> np.ndarray:
    """Mean density of a mixture in each bin.

    What a histogram shows of very many samples. The density at the middle of
    a bin would miss a component that is narrower than the bin.

    Args:
        parameters: Weights, means and variances, (K,) each.
        edges: Ends of the B bins, (B + 1,).

    Returns:
        Density (B,).
    """
    z = torch.from_numpy(edges).double()
    return np.diff(mixture_cdf(z, *parameters).numpy()) / np.diff(edges)


def quantiles(parameters: Parameters, *shares: float) -> list[float]:
    """Quantiles of one mixture (K,), one for each share."""
    p = torch.tensor(shares, dtype=torch.float64)
    return inverse_cdf(p, *parameters, clip=0.001).tolist()
