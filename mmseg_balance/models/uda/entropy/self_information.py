"""How unsure a prediction is: entropy, self-information, maximum squares."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def self_information(logits: Tensor) -> Tensor:
    """Weighted self-information I = -p log p / log C of every class.

    ADVENT (CVPR 2019), divided by the largest entropy. Agrees with
    https://github.com/valeoai/ADVENT, which adds 1e-30 to p to keep its
    logarithm finite; that of a softmax is finite without.

    Args:
        logits: (N, C, ...), C at least 2.

    Returns:
        (N, C, ...), of which the sum over classes is in [0, 1].
    """
    log_p = F.log_softmax(logits, 1)
    return log_p.exp() * log_p * (-1 / math.log(logits.shape[1]))


def entropy(logits: Tensor, valid: Tensor | None = None) -> Tensor:
    """Mean over pixels of the normalised entropy (ADVENT, CVPR 2019).

    The loss of MinEnt, as in https://github.com/valeoai/ADVENT and
    https://github.com/lhoyer/MIC.

    Args:
        logits: (N, C, H, W), C at least 2.
        valid: Pixels that count, bool (N, H, W). Default: all.

    Returns:
        In [0, 1]; 0 where no pixel counts.
    """
    return pixel_mean(self_information(logits).sum(1), valid)


def max_square(logits: Tensor, valid: Tensor | None = None) -> Tensor:
    """Maximum squares loss, -1/2 of the mean of p^2 (ICCV 2019).

    Its gradient does not vanish for pixels that are unsure, nor grow for
    those that are sure already. Agrees with
    https://github.com/ZJULearning/MaxSquareLoss: a mean over classes too.

    Args:
        logits: (N, C, H, W).
        valid: Pixels that count, bool (N, H, W). Default: all.

    Returns:
        In [-1 / 2C, -1 / 2C^2].
    """
    return -pixel_mean(logits.softmax(1).square().mean(1), valid) / 2


def image_weighted_max_square(
    logits: Tensor, valid: Tensor | None = None, ratio: float = 0.2
) -> Tensor:
    """Maximum squares loss with the classes of an image balanced.

    A pixel is weighted by 1 / max(n_c^r N^(1 - r), 1), c the class that it
    is predicted as, n_c the number of such pixels and N that of all pixels
    of its image. Without the factor 1/2, and with weights by the image also
    in batches, where https://github.com/ZJULearning/MaxSquareLoss (which it
    agrees with) takes single images.

    Args:
        logits: (N, C, H, W).
        valid: Pixels that count, bool (N, H, W). Default: all.
        ratio: Exponent r, [0, 1]: 0 weighs all pixels alike, 1 all classes.

    Returns:
        Mean over images and classes.
    """
    num_images, num_classes = logits.shape[:2]
    weight = image_weights(logits.detach(), valid, ratio)
    squares = logits.softmax(1).square().sum(1) * weight
    return -squares.sum() / (num_images * num_classes)


@torch.no_grad()
def image_weights(
    logits: Tensor, valid: Tensor | None = None, ratio: float = 0.2
) -> Tensor:
    """Weights of :func:`image_weighted_max_square`, (N, H, W).

    Args:
        logits, valid, ratio: As there. Other pixels have weight 0.
    """
    predicted = logits.argmax(1).flatten(1)
    count = torch.ones_like(predicted) if valid is None else valid.flatten(1)
    count = count.to(logits.dtype)
    sizes = logits.new_zeros(logits.shape[:2]).scatter_add_(
        1, predicted, count
    )
    total = count.sum(1, keepdim=True)
    norms = (sizes**ratio * total ** (1 - ratio)).clamp(min=1)
    weight = norms.reciprocal().gather(1, predicted) * count
    return weight.view(logits.shape[0], *logits.shape[2:])


def pixel_mean(values: Tensor, valid: Tensor | None = None) -> Tensor:
    """Mean of a map over the pixels that count; 0 where there are none.

    Args:
        values: (N, H, W).
        valid: Bool (N, H, W). Default: all.
    """
    if valid is None:
        return values.mean()
    return (values * valid).sum() / valid.sum().clamp(min=1)
