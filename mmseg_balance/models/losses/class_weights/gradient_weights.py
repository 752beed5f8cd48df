"""Class weights from the gradients of class losses (GBW)."""

from collections.abc import Iterator

import torch
from torch import Tensor

MODES = ('normalized', 'paper', 'released')
# entries of a part on a CPU: 1 MB
PART = 2**18


@torch.no_grad()
def class_gradients(
    log_probs: Tensor,
    target: Tensor,
    known: Tensor,
    weight: Tensor | None = None,
    mode: str = 'paper',
    focal_gamma: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Squared gradient g_c^2 of each class's mean cross entropy.

    The gradient of a pixel's cross entropy to its logits is softmax minus
    one-hot; that of the mean over class c divides it by n_c + 1 (n_c pixels,
    plus 1 as in the released code). The focal loss scales it.

    Args:
        log_probs: Log-softmax of the logits, (N, C, ...).
        target: A class for each pixel, (N, ...).
        known: Pixels that are not ignored, bool (N, ...).
        weight: Weight of each pixel inside its class loss, (N, ...) (Eq.
            12). Default: 1. The released code has none.
        mode: 'released': the squared norm of logit channel c of the gradient
            of the sum of all class losses. Otherwise that of the gradient of
            class c's own loss, over all channels (Eq. 7 to 11). With
            'normalized' that loss is a mean by the weights, and divided by
            their sum, plus 1, in place of the number of pixels.
        focal_gamma: Above 0, the gradient is that of the focal loss.

    Returns:
        g^2, float64 (C,), and which classes have pixels (with 'normalized'
        of a weight above 0), bool (C,).
    """
    if mode == 'normalized' and weight is not None:
        # a mean by the weights: how sure the teacher is of a class says
        # nothing of how hard it is
        size = class_sums(known * weight.double(), target, log_probs.shape[1])
    else:
        size = class_sums(known.double(), target, log_probs.shape[1])
    scale = known / (size + 1).to(log_probs)[target]
    if focal_gamma:
        own = log_probs.gather(1, target.unsqueeze(1)).squeeze(1)
        scale = scale * focal_scale(own, focal_gamma)
    if weight is not None and mode != 'released':
        scale = scale * weight
    if mode == 'released':
        channels = torch.zeros_like(size)
        for gradient, place in _pixel_gradients(log_probs, target):
            gradient *= _columns(scale)[:, place].unsqueeze(1)
            # logits may be infinite where nothing is labelled
            gradient.masked_fill_(~_columns(known)[:, place].unsqueeze(1), 0)
            channels += gradient.square_().sum((0, 2)).double()
        return channels, size > 0
    squared = [
        gradient.square_().sum(1)
        for gradient, _ in _pixel_gradients(log_probs, target)
    ]
    pixels = torch.cat(squared, 1) * _columns(scale).square()
    pixels.masked_fill_(~_columns(known), 0)
    return class_sums(pixels, target, len(size)), size > 0


def _pixel_gradients(
    log_probs: Tensor, target: Tensor
) -> Iterator[tuple[Tensor, slice]]:
    """Softmax minus one-hot of each pixel, a part of them at a time.

    On a CPU parts stay in its cache, which is several times faster than one
    tensor of the size of the logits; elsewhere there is one part.

    Args:
        log_probs: (N, C, ...).
        target: (N, ...).

    Yields:
        (N, C, P'), which may be changed, and where these pixels are.
    """
    log_probs, target = _columns(log_probs, 2), _columns(target)
    images, classes, pixels = log_probs.shape
    length = pixels
    if log_probs.device.type == 'cpu':
        length = max(PART // (images * classes), 1)
    for start in range(0, pixels, length):
        place = slice(start, start + length)
        part = log_probs[:, :, place]
        index = target[:, place].unsqueeze(1)
        # p - 1 from the logarithm: exact where p is nearly 1
        own = part.gather(1, index).expm1_()
        yield part.exp().scatter_(1, index, own), place


def _columns(values: Tensor, begin: int = 1) -> Tensor:
    """All dimensions from one on as a single one, which there may not be."""
    return values.reshape(*values.shape[:begin], -1)


def focal_scale(log_prob: Tensor, focal_gamma: float) -> Tensor:
    """The focal loss's gradient over that of cross entropy.

    (1 - p)^gamma - gamma p (1 - p)^(gamma - 1) log p.

    Args:
        log_prob: log p of each pixel's class.
        focal_gamma: gamma, above 0.
    """
    rest = (-log_prob.expm1()).clamp(min=1e-12)
    slope = focal_gamma * log_prob.exp() * log_prob / rest
    return rest**focal_gamma * (1 - slope)


def class_sums(values: Tensor, target: Tensor, classes: int) -> Tensor:
    """Sum of the values of each class's pixels.

    Args:
        values: (N, ...).
        target: A class for each pixel, (N, ...).
        classes: Number of classes C.

    Returns:
        float64 (C,).
    """
    total = values.new_zeros(classes, dtype=torch.float64)
    return total.scatter_add_(0, target.flatten(), values.flatten().double())


@torch.no_grad()
def class_weights(
    gradients: Tensor,
    regularization: float,
    present: Tensor | None = None,
) -> Tensor:
    """Weights that follow the gradients, Eq. 11.

    argmin lambda |w|^2 - sum_c g_c^2 w_c on {w >= 0, sum w = C}: the
    projection of g^2 / (2 lambda) on that simplex, exactly and by one sort.

    Args:
        gradients: g^2, (C,).
        regularization: lambda, above 0.
        present: Classes that take part, bool (C,); the weights of the others
            are 1, and the sum is over those that do. Default: all.

    Returns:
        Weights, float64 (C,).
    """
    point = gradients.double() / (2 * regularization)
    if present is None:
        present = torch.ones_like(point, dtype=torch.bool)
    # where the origin is does not matter; near 1 no digits are lost
    point = point - point.masked_fill(~present, -torch.inf).max()
    point = point.where(present, 0)
    total = present.sum()
    # absent classes come last, where no prefix of the sum is chosen
    ordered = point.masked_fill(~present, -torch.inf).sort(descending=True)[0]
    finite = ordered.isfinite()
    ordered = ordered.where(finite, 0)
    number = torch.arange(1, len(point) + 1, device=point.device)
    excess = (ordered.cumsum(0) - total) / number
    chosen = ((ordered > excess) & finite).sum().clamp(min=1)
    threshold = excess.gather(0, chosen.unsqueeze(0) - 1)
    return (point - threshold).clamp(min=0).where(present, 1)


@torch.no_grad()
def weights_of_mode(
    squared: Tensor, present: Tensor, regularization: float, mode: str
) -> Tensor:
    """Weights from the gradients of ``class_gradients``.

    Args:
        squared: g^2, float64 (C,).
        present: Which classes have pixels, bool (C,).
        regularization: lambda, above 0.
        mode: 'normalized' divides g^2 by its mean over the classes present,
            and leaves the others weight 1; 'paper' and 'released' do not.

    Returns:
        float64 (C,).
    """
    if mode != 'normalized':
        return class_weights(squared, regularization)
    squared = squared * present
    mean = squared.sum() / present.sum().clamp(min=1)
    tiny = torch.finfo(squared.dtype).tiny
    return class_weights(
        squared / mean.clamp(min=tiny), regularization, present
    )
