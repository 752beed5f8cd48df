"""Segmentation metric that shows how evenly the classes are learned."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from torch import Tensor

from ..errors import UserValueError
from .class_groups import ClassGroups
from .class_scores import ClassScores
from .confusion import confusion_matrix


@METRICS.register_module()
class BalancedIoUMetric(IoUMetric):
    """IoU and accuracy of each class, their mean, spread, groups and bias.

    All numbers are percent or percentage points. ``IoU_std`` and ``Acc_std``
    are population standard deviations over classes, as in the tables of
    "Balanced Learning for Domain Adaptive Semantic Segmentation" (ICML 2025);
    smaller is better, so ``save_best='Acc_std'`` of the checkpoint hook needs
    ``rule='less'``.

    Classes without a labelled pixel in the evaluated set are named in the
    log. Where they are predicted their IoU is 0, as in MMSegmentation's
    ``IoUMetric`` and scikit-learn, and so in every mean; where they are not,
    they are in none. Means over the labelled classes alone, which one wrong
    pixel does not move, are beside them then, with ``_labelled``. Every
    value comes from one confusion matrix over all classes, also for subsets:
    a pixel predicted as a class outside a subset stays an error of its own
    class.

    Returned keys, in this order: ``mIoU``, ``mAcc``, ``IoU_std``,
    ``Acc_std``, ``aAcc``; the first four again with ``_all`` (with a
    ``headline``), with ``_labelled`` (where a class is not), with
    ``_<subset>``, with ``_over`` and with ``_under``; then, with
    ``per_class``, ``IoU.<class>``, ``Acc.<class>`` and ``Bias.<class>``.
    Groups without a labelled class and values that there are not have no
    keys.

    Args:
        subsets: Names of classes for each named subset, for instance
            ``dict(synthia16=['road', ...])`` gives ``mIoU_synthia16``.
        headline: Name of the subset that the keys without an ending are of,
            and which groups and ``_labelled`` are parts of: the classes that
            the source has, where it lacks some. ``aAcc`` stays that of all
            labelled pixels. Default: all classes.
        over_predicted: Names of the over-predicted classes, all others are
            under-predicted (the paper's Table 18 takes road, building,
            vegetation, sky, person, car, truck, bus and train). By default
            the sign of Bias(l), Eq. 4, on the evaluated set decides;
            classes with a bias of 0 are in neither group.
        per_class: Return the values of each class as well; they are in the
            printed table in any case.
        ignore_index: Label of pixels that do not count.
        output_dir: Folder to save the predictions to, as PNG.
        format_only: Only save predictions; for test sets without labels.
        keep_results: Accepted because MMSegmentation's ``tools/test.py
            --out`` sets it; files in ``output_dir`` are always kept.
        collect_device: Device that collects the results of all ranks, 'cpu'
            or 'gpu'.
        prefix: Put before each key, with a slash.

    Raises:
        ValueError: A subset with the name of a group, or a headline that is
            no subset.
    """

    def __init__(
        self,
        subsets: Mapping[str, Sequence[str]] | None = None,
        over_predicted: Sequence[str] | None = None,
        per_class: bool = True,
        ignore_index: int = 255,
        output_dir: str | None = None,
        format_only: bool = False,
        keep_results: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        headline: str | None = None,
    ) -> None:
        super().__init__(
            ignore_index=ignore_index,
            output_dir=output_dir,
            format_only=format_only,
            collect_device=collect_device,
            prefix=prefix,
        )
        self.groups = ClassGroups(
            'BalancedIoUMetric', dict(subsets or {}), headline, over_predicted
        )
        self.per_class = per_class
        # of the latest evaluation, (C, C), on the first rank alone
        self.confusion: Tensor | None = None

    @property
    def dataset_meta(self) -> Any:
        """Meta data of the data set; needs 'classes'."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        self.check_meta(dataset_meta)
        self._dataset_meta = dataset_meta

    def check_meta(self, dataset_meta: dict) -> None:
        """Refuse a data set that the metric is not for.

        Args:
            dataset_meta: Its meta data.

        Raises:
            ValueError: It is of another kind, or lacks a class that is
                named.
        """
        if dataset_meta.get('labels_images'):
            raise UserValueError(
                'BalancedIoUMetric in val_evaluator or test_evaluator scores '
                'labels of pixels, and the data set has one label an image: '
                "take dict(type='ClassificationMetric')"
            )
        self.groups.check_classes(dataset_meta['classes'])

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, image by image.

        Args:
            data_batch: Not used.
            data_samples: Dicts with 'pred_sem_seg' and, unless
                ``format_only``, 'gt_sem_seg'.

        Raises:
            ValueError: An image has no label, its prediction and label
                differ in size, or a value is outside the classes; names the
                file.
        """
        # one image at a time, so that an error can name its file
        for sample in data_samples:
            file = sample.get('img_path', 'an image without img_path')
            if not self.format_only and 'gt_sem_seg' not in sample:
                raise UserValueError(
                    f'{file} has no label: give the data set its labels, or '
                    'set format_only=True to save predictions only'
                )
            try:
                super().process(data_batch, [sample])
            except ValueError as error:
                mend = (
                    '; labels are scored at their own size: put '
                    'LoadAnnotations behind Resize in its pipeline'
                    if 'of one size' in str(error)
                    else ''
                )
                raise UserValueError(f'{file}: {error}{mend}') from error

    @staticmethod
    def intersect_and_union(
        pred_label: Tensor,
        label: Tensor,
        num_classes: int,
        ignore_index: int,
    ) -> tuple[Tensor, Tensor]:
        """Confusion matrix of one image, as what is not zero in it.

        Most images hold few classes, so this keeps the results of large sets
        with many classes small, and what ranks exchange as well.

        Args:
            pred_label: Predicted classes (H, W).
            label: Labelled classes (H, W).
            num_classes: Number of classes C.
            ignore_index: Label of pixels that do not count.

        Returns:
            Positions in the flat matrix, and their counts, both int64 (P,).
        """
        counts = confusion_matrix(
            pred_label, label, num_classes, ignore_index
        ).flatten()
        position = counts.nonzero().squeeze(1)
        return position.cpu(), counts[position].cpu()

    def compute_metrics(
        self, results: list[tuple[Tensor, Tensor]]
    ) -> dict[str, float]:
        """Sum up the images and compute every score.

        Args:
            results: What ``intersect_and_union`` gave for each image.

        Returns:
            Scores by key, see the class; percent or percentage points.
        """
        logger = MMLogger.get_current_instance()
        if self.format_only:
            logger.info(f'predictions are saved to {self.output_dir}')
            return {}
        num_classes = len(self.dataset_meta['classes'])
        total = torch.zeros(num_classes**2, dtype=torch.int64)
        for position, counts in results:
            total[position] += counts
        self.confusion = total.view(num_classes, num_classes)
        return self.scores(self.confusion)

    def scores(self, confusion: Tensor) -> dict[str, float]:
        """Every score of a confusion matrix; prints them as tables.

        Args:
            confusion: Pixel counts (C, C), rows are labels and columns are
                predictions.

        Returns:
            Scores by key, see the class; percent or percentage points. Empty,
            with a warning, when no pixel has a label: a validation must not
            end a training run.
        """
        if int(confusion.sum()) == 0:
            print_log(
                'no score: no pixel of the evaluated set has a label other '
                f'than ignore_index={self.ignore_index}. Check the labels of '
                'val_dataloader and test_dataloader',
                'current',
                logging.WARNING,
            )
            return {}
        found = ClassScores.of(
            confusion, self.dataset_meta['classes'], self.groups
        )
        for text in (*found.tables(), found.absent()):
            if text:
                print_log(text, 'current')
        return found.by_key(self.per_class)
