"""Segmentation metric that shows how evenly the classes are learned."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from torch import Tensor

from mmseg_balance.logits.bias.confusion import class_bias

from ..errors import UserValueError
from .confusion import confusion_matrix, iou_and_acc
from .summaries import labelled_classes, summarise_group, with_ending
from .tables import class_table, summary_table

GROUPS = ('all', 'labelled', 'over', 'under')


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
        self.subsets = dict(subsets or {})
        for name in set(GROUPS) & set(self.subsets):
            raise UserValueError(
                f'subsets has the name {name!r}, which stands '
                'for a group of its own: rename it'
            )
        if headline is not None and headline not in self.subsets:
            raise UserValueError(
                f'headline of BalancedIoUMetric is {headline!r}, expected '
                f'the name of one of its subsets: {list(self.subsets)}'
            )
        self.headline = headline
        self.over_predicted = over_predicted
        self.per_class = per_class
        # of the latest evaluation, (C, C), on the first rank alone
        self.confusion: Tensor | None = None

    @property
    def dataset_meta(self) -> Any:
        """Meta data of the data set; needs 'classes'."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        named = {f'subsets.{k}': v for k, v in self.subsets.items()}
        named['over_predicted'] = self.over_predicted or ()
        for key, names in named.items():
            unknown = [n for n in names if n not in dataset_meta['classes']]
            if unknown:
                raise UserValueError(
                    f'{key} of BalancedIoUMetric names {unknown}, expected '
                    f'classes of the data set: {dataset_meta["classes"]}'
                )
        self._dataset_meta = dataset_meta

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
        classes = self.dataset_meta['classes']
        iou, acc = (100 * values for values in iou_and_acc(confusion))
        bias = 100 * class_bias(confusion)
        groups = self._groups(classes, acc, bias)
        summaries = {
            name: summarise_group(iou, acc, member)
            for name, member in groups.items()
        }
        columns = dict(IoU=iou, Acc=acc, Bias=bias)
        print_log(
            f'per class results:\n{class_table(classes, columns)}', 'current'
        )
        print_log(f'over classes:\n{summary_table(summaries)}', 'current')
        self._name_absent(classes, iou, acc, summaries)

        first = self.headline or 'all'
        scores = dict(summaries[first])
        scores['aAcc'] = 100 * float(
            confusion.diagonal().sum() / confusion.sum()
        )
        for name, summary in summaries.items():
            if name != 'all' or first != 'all':
                scores.update(with_ending(summary, name))
        if self.per_class:
            for name, values in columns.items():
                scores.update(
                    {
                        f'{name}.{c}': float(v)
                        for c, v in zip(classes, values, strict=True)
                        if not v.isnan()
                    }
                )
        return scores

    def _groups(
        self, classes: Sequence[str], acc: Tensor, bias: Tensor
    ) -> dict[str, Tensor]:
        """Members of each group by its name, as bool (C,).

        The first one is what the keys without an ending are of.
        """

        def members(names: Sequence[str]) -> Tensor:
            return torch.tensor([c in names for c in classes])

        subsets = {name: members(s) for name, s in self.subsets.items()}
        everything = torch.ones_like(bias, dtype=torch.bool)
        if self.headline is None:
            groups, scope = {'all': everything}, everything
        else:
            scope = subsets[self.headline]
            groups = {self.headline: scope, 'all': everything}
        groups = groups | labelled_classes(acc, scope) | subsets
        if self.over_predicted is None:
            over, under = bias > 0, bias < 0
        else:
            over = members(self.over_predicted)
            under = ~over
        return groups | {'over': over & scope, 'under': under & scope}

    def _name_absent(
        self,
        classes: Sequence[str],
        iou: Tensor,
        acc: Tensor,
        summaries: Mapping[str, Mapping[str, float]],
    ) -> None:
        """Say which classes have no labelled pixel, and what that changes."""

        def names(which: Tensor) -> str:
            pairs = zip(classes, which, strict=True)
            return ', '.join(c for c, v in pairs if v)

        absent = acc.isnan()
        if not bool(absent.any()):
            return
        text = f'classes without a labelled pixel: {names(absent)}. '
        predicted = absent & ~iou.isnan()
        if not bool(predicted.any()):
            text += 'They are not predicted, and in no mean'
        else:
            text += (
                f'{names(predicted)}: predicted, so IoU is 0, as in '
                'MMSegmentation'
            )
        means = summaries[self.headline or 'all']
        labelled = summaries.get('labelled')
        if means and labelled:
            text += (
                f'. mIoU {means["mIoU"]:.2f} is over labelled and '
                'predicted classes (that of MMSegmentation), mIoU_labelled '
                f'{labelled["mIoU"]:.2f} over labelled ones alone'
            )
        print_log(text, 'current')
