"""Tables of offsets that have everything, and logits that meet it all."""

import torch
from torch import Tensor

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable


def random_banks(
    num_classes: int,
) -> tuple[list[GaussianMixtureBank], GaussianMixtureBank]:
    """Banks of two domains, and anchors.

    Some components are at the variance floor, so that there are refined
    cells, and some pairs were never fitted.
    """
    banks = [GaussianMixtureBank((num_classes,) * 2) for _ in range(2)]
    for bank in banks:
        bank.means.normal_(0, 3)
        bank.variances.uniform_(0.2, 4)
        bank.variances[..., :2] = 1e-4
        bank.num_updates.copy_(torch.rand(num_classes, num_classes) < 0.7)
        bank.num_updates[-1, 0] = 1
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    return banks, anchors


def random_table(num_classes: int, grid_size: int = 64) -> OffsetTable:
    """A table of :func:`random_banks`."""
    return OffsetTable.build(*random_banks(num_classes), grid_size=grid_size)


def random_pixels(
    num_classes: int, *size: int, ignore_index: int = 255
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, labels and domains of two images.

    The logits leave the table; one label in four is of no class, and one
    more is to be ignored.
    """
    logits = torch.randn(2, num_classes, *size) * 4
    labels = torch.randint(num_classes, (2, *size))
    drawn = torch.rand(labels.shape)
    labels = labels.masked_fill(drawn < 0.1, ignore_index)
    domain = torch.rand(labels.shape) < 0.5
    return logits, labels, domain
