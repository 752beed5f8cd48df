"""Features of things that stay near those of ImageNet (DAFormer)."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ....errors import UserValueError
from ...head_losses.predictions import context_features, context_images
from ...recording import CELLS, note


class FeatureDistance(nn.Module):
    """Mean distance of the last stage to a frozen copy of the backbone.

    DAFormer (CVPR 2022), Eq. 9 to 12; agrees with
    https://github.com/lhoyer/DAFormer, but for a batch without thing cells,
    whose loss is 0 here and NaN there. The copy keeps the initial weights of
    the backbone, is in evaluation mode, and is saved with the model so that
    a resumed run compares with the same features. With HRDA features of the
    context are compared.

    Args:
        classes: Indices of the thing classes.
        loss_weight: Weight of the loss, at least 0.
        min_ratio: Share of the pixels of a cell that its most frequent class
            must have, [0, 1].

    Raises:
        ValueError: A setting out of range, or a segmentor with a neck, or
            one whose backbone makes its maps by layers that begin at random.
    """

    compiled_parts = ('backbone',)

    def __init__(
        self,
        classes: Sequence[int],
        loss_weight: float = 0.005,
        min_ratio: float = 0.75,
    ) -> None:
        super().__init__()
        if (
            not isinstance(classes, (tuple, list))
            or not classes
            or any(not isinstance(c, int) or c < 0 for c in classes)
        ):
            raise UserValueError(
                'Expected `classes` of feature_distance to be indices of '
                f'classes, at least one, but got {classes!r}'
            )
        if loss_weight < 0:
            raise UserValueError(
                'Expected `loss_weight` of feature_distance to be at least 0,'
                f' but got {loss_weight}'
            )
        if not 0 <= min_ratio <= 1:
            raise UserValueError(
                'Expected `min_ratio` of feature_distance to be in [0, 1], '
                f'but got {min_ratio}'
            )
        self.classes = tuple(classes)
        things = torch.tensor(self.classes)
        self.register_buffer('things', things, persistent=False)
        self.loss_weight = loss_weight
        self.min_ratio = min_ratio

    def attach(self, student: nn.Module) -> None:
        """Copy the backbone of the student."""
        head = student.decode_head
        if max(self.classes) >= head.num_classes:
            raise UserValueError(
                'Expected `classes` of feature_distance to be below '
                f'num_classes={head.num_classes}, but got {self.classes}'
            )
        if student.with_neck:
            raise UserValueError(
                'feature_distance compares features of the backbone, but '
                f'segmentor.neck is {type(student.neck).__name__}: remove the '
                'neck, or set feature_distance=None'
            )
        if getattr(student.backbone, 'begins_at_random', False):
            raise UserValueError(
                'feature_distance keeps features near those of the initial '
                f'weights, but maps of {type(student.backbone).__name__} are '
                'made by a pyramid that begins at random: set '
                'feature_distance=None, or out_channels=None in the backbone '
                'for maps of its transformer'
            )
        self.num_classes = head.num_classes
        self.ignore_index = head.ignore_index
        self.backbone = copy.deepcopy(student.backbone)
        self.backbone.requires_grad_(False)
        self.backbone.register_load_state_dict_post_hook(_may_be_missing)

    def copy_weights(self, student: nn.Module) -> None:
        """Take the weights that the backbone of the student has now."""
        self.backbone.load_state_dict(student.backbone.state_dict())

    def train(self, mode: bool = True) -> 'FeatureDistance':
        """Set the mode; the frozen backbone stays in evaluation mode."""
        super().train(mode)
        if hasattr(self, 'backbone'):
            self.backbone.eval()
        return self

    def forward(
        self, student: nn.Module, features: Any, images: Tensor, labels: Tensor
    ) -> Tensor:
        """Weighted distance.

        Args:
            student: The segmentor.
            features: What ``training_features`` gave for the images.
            images: (N, 3, H, W).
            labels: (N, H, W).
        """
        with torch.no_grad():
            frozen = self.backbone(context_images(student, images))[-1]
        own = context_features(features)[-1]
        cells = cell_labels(
            labels,
            own.shape[-2:],
            self.num_classes,
            self.ignore_index,
            self.min_ratio,
        )
        things = (cells.unsqueeze(-1) == self.things).any(-1)
        note(CELLS, lambda: cells.masked_fill(~things, self.ignore_index))
        return self.loss_weight * masked_distance(own, frozen, things)


def _may_be_missing(backbone: nn.Module, incompatible: Any) -> None:
    """Say nothing of a checkpoint without the frozen backbone.

    One of a segmentor, or of another repository, has none, and its initial
    weights are there in any case.
    """
    # old files lack the counters of batch norm, which are filled in
    own = [k for k in backbone.state_dict() if not k.endswith('_tracked')]
    missing = incompatible.missing_keys
    ours = [
        key
        for key in missing
        if 'feature_distance.backbone.' in key and not key.endswith('_tracked')
    ]
    if len(ours) == len(own):
        missing[:] = [
            k for k in missing if 'feature_distance.backbone.' not in k
        ]


def masked_distance(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """Mean L2 distance over the channels, of the cells in a mask.

    Args:
        first, second: Features, (N, F, h, w).
        mask: Bool (N, h, w).

    Returns:
        The mean, (); 0 where the mask is empty.
    """
    with torch.autocast(first.device.type, enabled=False):
        distance = torch.norm(first.float() - second.float(), dim=1)
        return (distance * mask).sum() / mask.sum().clamp(min=1)


def cell_labels(
    labels: Tensor,
    size: tuple[int, int],
    num_classes: int,
    ignore_index: int,
    min_ratio: float,
) -> Tensor:
    """Labels of the cells of a coarser grid, by the most frequent class.

    Agrees with ``downscale_label_ratio`` of
    https://github.com/lhoyer/DAFormer where the cells divide the image;
    where they do not, cells at the lower and right margin reach over it, and
    pixels there count as ignored.

    Args:
        labels: (N, H, W).
        size: Rows and columns of the grid.
        num_classes: Number of classes C.
        ignore_index: Label of ignored pixels; ignored is a class here.
        min_ratio: Share that the most frequent class must have.

    Returns:
        int64 (N, *size); ``ignore_index`` where the most frequent class is
        that, or has a smaller share.
    """
    sides = [-(-a // b) for a, b in zip(labels.shape[1:], size, strict=True)]
    (rows, columns), (down, across) = size, sides
    padded = F.pad(
        labels,
        (0, columns * across - labels.shape[2])
        + (0, rows * down - labels.shape[1]),
        value=ignore_index,
    )
    cells = padded.unflatten(1, (rows, down)).unflatten(3, (columns, across))
    cells = cells.transpose(2, 3).flatten(3)  # (N, rows, columns, pixels)
    cells = cells.masked_fill(cells == ignore_index, num_classes).long()
    counts = torch.zeros(
        (*cells.shape[:3], num_classes + 1), device=labels.device
    )
    counts.scatter_add_(3, cells, torch.ones_like(cells, dtype=counts.dtype))
    most, label = counts.max(3)
    unknown = (most / (down * across) < min_ratio) | (label == num_classes)
    return label.masked_fill(unknown, ignore_index)
