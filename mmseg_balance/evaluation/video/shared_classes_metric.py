"""Scores over the classes that VIPER and a target set share."""

from collections.abc import Sequence

import torch
from mmseg.registry import METRICS
from torch import Tensor

from ...datasets.sets.video.shared_classes import SHARED_CLASSES
from ...errors import UserValueError
from ..balanced_iou_metric import BalancedIoUMetric
from .rules import RULES, drop_outside


@METRICS.register_module()
class SharedClassesMetric(BalancedIoUMetric):
    """``BalancedIoUMetric`` over shared classes, by the rule of a paper.

    Two families of papers on VIPER -> Cityscapes-Seq count in two ways, so
    that numbers of one are not beside those of the other:

    ``'uvda'``
        UVDA (Kareer et al.), and so the rows of MIC and HRDA in Tables 11
        and 12 of BLDA. Riders are ignored, and every pixel whose label or
        prediction is outside the shared classes.
    ``'davsn'``
        DA-VSN, TPS, CMOM, and so probably PAT's row. Riders are persons.

    ``'plain'`` ignores riders, too, and drops no pixel by its prediction: it
    is UVDA's where the network has the shared classes as its outputs alone.
    Every mean and spread is returned with the name of the rule as well,
    ``mIoU_uvda`` for one, by which ``compare`` and ``reproduce`` tell them
    apart.

    Args:
        rule: One of the three.
        shared: Names of the shared classes; by default the 15.
        **kwargs: See :class:`BalancedIoUMetric`, but ``headline``.

    Raises:
        ValueError: There is no such rule.
    """

    def __init__(
        self,
        rule: str = 'uvda',
        shared: Sequence[str] = SHARED_CLASSES,
        **kwargs,
    ) -> None:
        if rule not in RULES:
            raise UserValueError(
                f'rule of SharedClassesMetric is {rule!r}, expected one of '
                f'{list(RULES)}'
            )
        self.rule, self.shared = rule, tuple(shared)
        subsets = dict(kwargs.pop('subsets', None) or {})
        super().__init__(
            subsets={rule: self.shared} | subsets, headline=rule, **kwargs
        )

    def check_meta(self, dataset_meta: dict) -> None:
        """Refuse a data set that counts riders otherwise than the rule.

        Args:
            dataset_meta: Its meta data.

        Raises:
            ValueError: See :class:`BalancedIoUMetric`; or riders are not
                those of the rule.
        """
        super().check_meta(dataset_meta)
        wanted = 'person' if self.rule == 'davsn' else 'ignore'
        riders = dataset_meta.get('riders')
        if riders is not None and riders != wanted:
            raise UserValueError(
                f'rule={self.rule!r} of SharedClassesMetric needs labels with '
                f'riders={wanted!r}, and the data set has {riders!r}: set '
                f'riders={wanted!r} of the data set, or the rule of '
                f'riders={riders!r} ('
                f'{"davsn" if riders == "person" else "uvda"})'
            )
        if riders is None and self.rule == 'davsn':
            raise UserValueError(
                "rule='davsn' of SharedClassesMetric needs a data set that "
                "counts riders as persons (riders='person'), which this one "
                "does not say: take CityscapesSeqDataset, or rule='uvda'"
            )

    def scores(self, confusion: Tensor) -> dict[str, float]:
        """Every score of a confusion matrix, by the rule.

        Args:
            confusion: Pixel counts (C, C) of all classes.

        Returns:
            Scores by key, see the class.
        """
        if self.rule == 'uvda':
            classes = self.dataset_meta['classes']
            shared = torch.tensor([c in self.shared for c in classes])
            confusion = drop_outside(confusion, shared)
        return super().scores(confusion)
