"""Metric of classification that shows how evenly the classes are learned."""

import csv
import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmseg.registry import METRICS
from torch import Tensor

from ..errors import UserValueError
from ..files.writing import write_atomically
from .class_groups import ClassGroups
from .class_scores import ClassScores
from .confusion import confusion_matrix

PREDICTIONS = 'predictions.csv'
COLUMNS = ('image', 'label', 'prediction')
# of an image: its file, its class, what it is taken for
Result = tuple[str, int, int]


@METRICS.register_module()
class ClassificationMetric(BaseMetric):
    """Accuracy of each class, its mean and spread, groups and bias.

    All numbers are percent or percentage points. ``mAcc`` is the plain mean
    of the classes' accuracies, as papers on VisDA-2017 print it ("mean
    correct"), and ``Acc_std`` their population standard deviation; ``aAcc``
    is the share of images that are right ("global correct", which papers on
    Office-Home print). A class without a labelled image is in no mean, and
    named in the log.

    Returned keys, in this order: ``mAcc``, ``Acc_std``, ``aAcc``; the first
    two again with ``_all`` (with a ``headline``), with ``_<subset>``, with
    ``_over`` and with ``_under``; then, with ``per_class``, ``Acc.<class>``
    and ``Bias.<class>`` (Eq. 4). Groups without a labelled class and values
    that there are not have no keys.

    Args:
        subsets, headline, over_predicted: See :class:`ClassGroups`:
            ``subsets=dict(vehicles=['bus', 'car', 'train', 'truck'])`` gives
            ``mAcc_vehicles``.
        per_class: Return the values of each class as well; they are in the
            printed table in any case.
        ignore_index: Label of images that do not count.
        output_dir: Folder for ``predictions.csv``, class and prediction of
            each image.
        keep_results: Accepted because ``mmseg-balance test --out`` sets it;
            the file is always kept.
        collect_device: Device that collects the results of all ranks, 'cpu'
            or 'gpu'.
        prefix: Put before each key, with a slash.

    Raises:
        ValueError: See :class:`ClassGroups`; when the data set is known: it
            labels pixels, or lacks classes that are named.
    """

    # by which public code picks a snapshot on the labels of the target set
    snapshots_by = 'aAcc'

    def __init__(
        self,
        subsets: Mapping[str, Sequence[str]] | None = None,
        over_predicted: Sequence[str] | None = None,
        per_class: bool = True,
        ignore_index: int = 255,
        output_dir: str | None = None,
        keep_results: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        headline: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.results: list[Result] = []
        self.groups = ClassGroups(
            'ClassificationMetric',
            dict(subsets or {}),
            headline,
            over_predicted,
        )
        self.per_class = per_class
        self.ignore_index = ignore_index
        self.output_dir = output_dir
        # of the latest evaluation, (C, C), on the first rank alone
        self.confusion: Tensor | None = None

    @property
    def dataset_meta(self) -> Any:
        """Meta data of the data set; needs 'classes' and 'labels_images'."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        if not dataset_meta.get('labels_images'):
            raise UserValueError(
                'ClassificationMetric in val_evaluator or test_evaluator '
                'scores one label an image, and the data set labels pixels '
                '(its metainfo has no labels_images): take '
                "dict(type='BalancedIoUMetric'), or a data set such as "
                'ClassFolderDataset'
            )
        self.groups.check_classes(dataset_meta['classes'])
        self._dataset_meta = dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Note label and prediction of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Dicts with 'pred_sem_seg' and 'gt_sem_seg', of one
                pixel each.

        Raises:
            ValueError: An image has no label, or more than one, or one that
                is no class; names the file.
        """
        for sample in data_samples:
            file = sample.get('img_path', 'an image without img_path')
            label = self._class_of(sample, 'gt_sem_seg', file)
            found = self._class_of(sample, 'pred_sem_seg', file)
            # an image that is ignored counts among those of its rank
            self.results.append((str(file), label, found))

    def _class_of(self, sample: dict, field: str, file: str) -> int:
        what = 'label' if field == 'gt_sem_seg' else 'prediction'
        if field not in sample:
            raise UserValueError(
                f'{file} has no {what} ({field}): put '
                "dict(type='LoadClassLabel') into the pipeline of the data "
                'set, or label images without classes with mmseg-balance '
                'predict'
            )
        data = sample[field]['data']
        if data.numel() != 1:
            raise UserValueError(
                f'{file} has a {what} of {tuple(data.shape[-2:])} pixels, '
                'expected one an image: ClassificationMetric is for '
                'classifiers, BalancedIoUMetric for segmentors'
            )
        number, count = int(data), len(self.dataset_meta['classes'])
        is_ignored = what == 'label' and number == self.ignore_index
        if not (0 <= number < count or is_ignored):
            raise UserValueError(
                f'{file} has the {what} {number}, expected a class of 0 to '
                f'{count - 1}, or {self.ignore_index} where it does not count'
            )
        return number

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Count the images of all ranks and compute every score.

        Args:
            results: What :meth:`process` noted of each image.

        Returns:
            Scores by key, see the class.
        """
        pairs = torch.tensor([r[1:] for r in results], dtype=torch.int64)
        label, prediction = pairs.view(len(pairs), 2).T
        self.confusion = confusion_matrix(
            prediction,
            label,
            len(self.dataset_meta['classes']),
            self.ignore_index,
        )
        if self.output_dir is not None:
            self._write(results, Path(self.output_dir) / PREDICTIONS)
        return self.scores(self.confusion)

    def scores(self, confusion: Tensor) -> dict[str, float]:
        """Every score of a confusion matrix; prints them as tables.

        Args:
            confusion: Counts of images (C, C), rows are labels and columns
                are predictions.

        Returns:
            Scores by key, see the class. Empty, with a warning, when no image
            has a label: a validation must not end a training run.
        """
        if int(confusion.sum()) == 0:
            print_log(
                'no score: no image of the evaluated set has a label other '
                f'than ignore_index={self.ignore_index}. Check the labels of '
                'val_dataloader and test_dataloader',
                'current',
                logging.WARNING,
            )
            return {}
        found = ClassScores.of(
            confusion, self.dataset_meta['classes'], self.groups, ('Acc',)
        )
        for text in (*found.tables(), found.absent('image')):
            if text:
                print_log(text, 'current')
        return found.by_key(self.per_class)

    def _write(self, results: Sequence[Result], file: Path) -> None:
        classes = self.dataset_meta['classes']
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(COLUMNS)
        for path, label, prediction in results:
            is_known = label != self.ignore_index
            true = classes[label] if is_known else ''
            writer.writerow([path, true, classes[prediction]])
        write_atomically(file, text.getvalue().encode())
        print_log(f'predictions: {file}', 'current')
