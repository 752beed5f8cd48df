"""Losses of a generator and its discriminator on scores of patches."""

import torch
from torch import Tensor
from torch.nn import functional as F

# least squares (LSGAN), and the cross entropy of the first GANs
GAN_LOSSES = dict(ls=F.mse_loss, bce=F.binary_cross_entropy_with_logits)


def gan_loss(scores: Tensor, is_real: bool, kind: str) -> Tensor:
    """Mean loss of scores against what they should say.

    Args:
        scores: Of patches, (N, 1, h, w).
        is_real: Whether they should be 1, else 0.
        kind: A key of ``GAN_LOSSES``.
    """
    wanted = torch.full_like(scores, float(is_real))
    return GAN_LOSSES[kind](scores, wanted)


def discriminator_loss(real: Tensor, translated: Tensor, kind: str) -> Tensor:
    """Half of the loss on images of the domain and that on translations.

    The half slows discriminators down beside generators (CycleGAN, Sec. 7.1).

    Args:
        real, translated: Scores of patches, (N, 1, h, w).
        kind: A key of ``GAN_LOSSES``.
    """
    return 0.5 * (
        gan_loss(real, True, kind) + gan_loss(translated, False, kind)
    )
