"""The teacher's pass over the target images (Eq. 2)."""

from dataclasses import replace

import torch
from mmseg.models.utils import resize
from torch import Tensor, nn

from ...declarations import label_size
from ...frames.pairs import FramePair
from ...head_losses.sampled_labels import sample_labels
from .pseudo_balance import PseudoBalance
from .pseudo_labels import PseudoLabeler, PseudoLabels, within_margins
from .refinement import PseudoRefinement
from .refinement_rules import FrameLabels


@torch.no_grad()
def teacher_logits(teacher: nn.Module, images: Tensor) -> Tensor:
    """Logits of a segmentor at the size of the labels.

    Args:
        teacher: An ``EncoderDecoder``.
        images: Normalised and padded, (N, 3, H, W).

    Returns:
        Logits (N, C, H, W), without a graph; of a classifier (N, C, 1, 1).
    """
    head = teacher.decode_head
    logits = head.forward(teacher.extract_feat(images))
    return resize(
        logits,
        size=label_size(teacher, images),
        mode='bilinear',
        align_corners=head.align_corners,
    )


def label_images(
    logits: Tensor,
    valid: Tensor,
    labeler: PseudoLabeler,
    balance: PseudoBalance | None = None,
    trusted: Tensor | None = None,
    sample: bool = False,
) -> PseudoLabels:
    """Label target images by what a teacher says of them.

    Args:
        logits: The teacher's, see :func:`teacher_logits`, (N, C, H, W).
        valid: Pixels that are image, not padding, bool (N, H, W).
        labeler: Gives labels and weights to logits.
        balance: Balances the classes of the labels (Eq. 7); None: they are
            those of the largest logits.
        trusted: Pixels whose labels count, bool (N, H, W); None: all.
        sample: Whether classes are drawn from the teacher's probabilities,
            those of the logits, which are not balanced.

    Returns:
        Labels and weights.
    """
    scores = None if balance is None else balance(logits)
    pseudo = labeler(logits, valid, scores)
    if trusted is not None:
        pseudo.weight = pseudo.weight * trusted
    if sample:
        pseudo.sampled = sample_labels(logits)
    return pseudo


def refine_labels(
    pseudo: PseudoLabels,
    current: FrameLabels,
    earlier: FrameLabels,
    pair: FramePair,
    valid: Tensor,
    refinement: PseudoRefinement,
    labeler: PseudoLabeler,
    trusted: Tensor | None = None,
) -> tuple[PseudoLabels, dict[str, Tensor]]:
    """Labels of target images that the frames before have a say in.

    Args:
        pseudo: Labels of the images alone.
        current: The same, as ``refinement.labelled`` has them.
        earlier: Those of the frames before, likewise.
        pair: The flow to them.
        valid: Pixels that are image, not padding, bool (N, H, W).
        refinement: Combines them.
        labeler: Its margins are of the images, from wherever a label comes.
        trusted: Pixels whose labels count, as in :func:`label_images`.

    Returns:
        Labels and weights, and shares of pixels by name; how many are
        confident is that of the images alone.
    """
    found, shares = refinement(current, earlier, pair, valid)
    weight = found.weight * (valid if trusted is None else valid & trusted)
    weight = within_margins(weight, labeler.ignore_top, labeler.ignore_bottom)
    return replace(pseudo, labels=found.labels, weight=weight), shares
