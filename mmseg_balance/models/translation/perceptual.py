"""Translations shall look the same to a segmentation network (Eq. 7)."""

from torch import Tensor
from torch.nn import functional as F


def l1_distance(outputs: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of logits: Eq. 7 of PHFA, Eq. 4 of BDL.

    Args:
        outputs, wanted: (N, C, h, w).
    """
    return F.l1_loss(outputs, wanted)


def normalised_distance(outputs: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of logits normalised in each class and image.

    What the released code of BDL computes,
    https://github.com/liyunsheng13/BDL.

    Args:
        outputs, wanted: (N, C, h, w).
    """
    return F.mse_loss(F.instance_norm(outputs), F.instance_norm(wanted))


DISTANCES = dict(l1=l1_distance, instance_norm=normalised_distance)


def perceptual_losses(
    image: Tensor,
    translated: Tensor,
    back: Tensor,
    weight: float,
    recon_weight: float,
    distance: str = 'l1',
) -> dict[str, Tensor]:
    """The two terms of Eq. 7, for images of one domain.

    Args:
        image: Logits of the images, without a graph, (N, C, h, w).
        translated: Logits of their translations.
        back: Logits of what is translated back.
        weight: lambda_ppl, of the first term.
        recon_weight: lambda_ppl_recon, of the second.
        distance: A key of ``DISTANCES``.

    Returns:
        ``loss_ppl`` and ``loss_ppl_recon``, weighted.
    """
    between = DISTANCES[distance]
    return dict(
        loss_ppl=weight * between(translated, image),
        loss_ppl_recon=recon_weight * between(back, image),
    )
