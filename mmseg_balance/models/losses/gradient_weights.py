"""Class weights from the gradients of class losses (GBW)."""

import torch
from torch import Tensor
from torch.nn import functional as F

MODES = ('normalized', 'paper', 'released')


@torch.no_grad()
def class_gradients(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None = None,
    mode: str = 'paper',
    ignore_index: int = 255,
) -> tuple[Tensor, Tensor]:
    """Squared gradient g_c^2 of each class's mean cross entropy.

    The gradient of a pixel's cross entropy to its logits is softmax minus
    one-hot; that of the mean over class c divides it by n_c + 1 (n_c pixels,
    plus 1 as in the released code).

    Args:
        logits: (N, C, ...).
        labels: (N, ...).
        weight: Weight of each pixel inside its class loss, (N, ...) (Eq.
            12). Default: 1. The released code has none.
        mode: 'released': the squared norm of logit channel c of the gradient
            of the sum of all class losses. Otherwise that of the gradient of
            class c's own loss, over all channels (Eq. 7 to 11).
        ignore_index: Label of ignored pixels.

    Returns:
        g^2, float64 (C,), and which classes have pixels, bool (C,).
    """
    classes = logits.shape[1]
    known = labels != ignore_index
    target = labels.masked_fill(~known, 0).long()
    count = logits.new_zeros(classes, dtype=torch.float64)
    count.scatter_add_(0, target.flatten(), known.flatten().double())
    gradient = logits.float().softmax(1)
    gradient.scatter_add_(
        1,
        target.unsqueeze(1),
        -torch.ones_like(target, dtype=gradient.dtype).unsqueeze(1),
    )
    scale = known / (count + 1).float()[target]
    if weight is not None and mode != 'released':
        scale = scale * weight
    squared = gradient.square_()
    if mode == 'released':
        squared = squared * scale.square().unsqueeze(1)
        return squared.transpose(0, 1).flatten(1).double().sum(1), count > 0
    pixels = (squared.sum(1) * scale.square()).flatten().double()
    total = torch.zeros_like(count)
    return total.scatter_add_(0, target.flatten(), pixels), count > 0


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


def weighted_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = 255,
) -> Tensor:
    """Cross entropy with a weight for each class, averaged over all pixels.

    Ignored pixels count with 0, as in MMSegmentation's cross entropy.

    Args:
        logits: (N, C, ...).
        labels: (N, ...).
        weights: Weight of each class, (C,).
        weight: Weight of each pixel, (N, ...). Default: 1.
        ignore_index: Label of ignored pixels.
    """
    loss = F.cross_entropy(
        logits, labels.long(), reduction='none', ignore_index=ignore_index
    )
    known = labels != ignore_index
    target = labels.masked_fill(~known, 0).long()
    loss = loss * weights.to(loss)[target]
    if weight is not None:
        loss = loss * weight
    return loss.mean()
