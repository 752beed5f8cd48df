"""A loss of this package on the classifier of a box head."""

from collections.abc import Mapping
from typing import Any

from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserTypeError, UserValueError
from ..pixel_loss import PixelLoss


@MODELS.register_module()
class RoIClassificationLoss(nn.Module):
    r"""A pixel loss, each of whose pixels is a region of interest.

    MMDetection's box heads classify N regions into the K thing classes and
    the background, and ask their ``loss_cls`` for

    .. math:: \frac{1}{N_{avg}} \sum_i v_i \, \ell(z_i, y_i)

    with the weights v of the regions and N_avg, the regions of the batch
    whose weight is above 0. :math:`\ell` is that of a loss of this package:
    with ``criterion=dict(type='GBWLoss')`` it is the cross entropy times the
    weight that the gradients of the K + 1 classes give to class y_i.

    It is the cross entropy of MMDetection where all weights of classes are
    1. Which losses of EDAPS the authors of GBW weighed is not public; this
    one is an option.

    Args:
        criterion: Config of a ``PixelLoss``: GBWLoss, SoftmaxFocalLoss, or
            another. One with ``num_classes`` has to count the background,
            and its counts are those of the regions, ``counts='online'``.
        loss_weight: Weight of the loss, beside that of the criterion.
        use_sigmoid: Only False: a key of MMDetection's own loss, into whose
            config this one is merged.

    Raises:
        TypeError: The criterion is no such loss.
        ValueError: It counts the pixels of the data set, or ``use_sigmoid``
            is True.

    Example:
        >>> bbox_head = dict(
        ...     loss_cls=dict(
        ...         type='mmseg.RoIClassificationLoss',
        ...         criterion=dict(type='GBWLoss', mode='released'),
        ...     )
        ... )
    """

    def __init__(
        self,
        criterion: Mapping[str, Any],
        loss_weight: float = 1.0,
        use_sigmoid: bool = False,
    ) -> None:
        super().__init__()
        if use_sigmoid:
            raise UserValueError(
                'use_sigmoid of RoIClassificationLoss is True, expected '
                'False: the box head scores its classes by a softmax'
            )
        # built inside MMDetection's scope, which does not know ours
        self.criterion = MODELS.build(dict(_scope_='mmseg') | dict(criterion))
        if not isinstance(self.criterion, PixelLoss):
            raise UserTypeError(
                'criterion of RoIClassificationLoss is a '
                f'{type(self.criterion).__name__}, expected one that weighs '
                "pixels alone: dict(type='GBWLoss'), SoftmaxFocalLoss, "
                'WeightedCrossEntropyLoss'
            )
        counts = getattr(self.criterion, 'counts', None)
        if counts is not None and counts.source == 'dataset':
            raise UserValueError(
                'criterion of RoIClassificationLoss counts the pixels of the '
                "data set: set criterion.counts='online', the regions seen "
                'so far'
            )
        self.loss_weight = loss_weight

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        **kwargs,
    ) -> Tensor:
        """Loss of the regions of a batch, as ``BBoxHead`` calls it.

        Args:
            cls_score: Logits, (N, K + 1), the background last.
            label: Class of each region, (N,), K for the background.
            weight: Weight of each region, (N,). Default: 1.
            avg_factor: What the sum is divided by. Default: N.
            reduction_override: 'none' for the loss of each region, 'sum' or
                'mean'. Default: 'mean'.
            **kwargs: For the criterion.

        Returns:
            The loss; 0 of no region.

        Raises:
            ValueError: There is no such reduction.
        """
        if reduction_override not in (None, 'none', 'mean', 'sum'):
            raise UserValueError(
                "Expected `reduction_override` to be 'none', 'mean' or "
                f"'sum', but got {reduction_override!r}"
            )
        loss = cls_score.sum(1)  # of no region
        if len(label):
            loss = self.loss_weight * self.criterion(
                cls_score, label, weight, reduction_override='none', **kwargs
            )
        if reduction_override == 'none':
            return loss
        if reduction_override == 'sum':
            return loss.sum()
        return loss.sum() / max(avg_factor or len(loss), 1)
