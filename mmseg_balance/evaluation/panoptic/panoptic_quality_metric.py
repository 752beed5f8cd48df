"""Metric of panoptic segmentation: segments found, and how well."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmseg.registry import METRICS
from torch import Tensor

from mmseg_balance.panoptic.quality import PanopticCounts

from ...errors import UserValueError
from .image_counts import (
    VOID_APART,
    VOID_AS_ROAD,
    ImageCounts,
    count_image,
)
from .scores import PanopticScores

GROUPS = ('all', 'things', 'stuff', VOID_APART, VOID_AS_ROAD)
NEEDED = {
    'pred_panoptic_seg': 'the model predicts no segments: it needs an '
    'instance_head (model.type, or model.segmentor.type, '
    'PanopticEncoderDecoder)',
    'gt_panoptic_seg': 'no segments are loaded: put LoadPanopticAnnotations '
    'and PackPanopticInputs into the pipeline of the data set',
    'segments_info': 'what its segments are was not loaded: put '
    'LoadPanopticAnnotations and PackPanopticInputs into the pipeline of the '
    'data set',
}


@METRICS.register_module()
class PanopticQualityMetric(BaseMetric):
    """PQ, SQ and RQ of each class, their mean, spread, and groups.

    Beside ``BalancedIoUMetric``, in a list: ``val_evaluator =
    [dict(type='BalancedIoUMetric'), dict(type='PanopticQualityMetric')]``.
    All numbers are percent or percentage points; each std is the population
    standard deviation over classes, as that of the IoU is.

    Means are over classes that are labelled or predicted. A class of which
    nothing was found has PQ, SQ and RQ 0 and is in all three means, as in
    the evaluation of Cityscapes.

    Void that a model predicts, pixels that it gives to no segment, is no
    segment here. The public evaluation of EDAPS takes it for road, the class
    0, by which its published numbers are to be read. Both are printed and
    returned, and ``void_as_road`` says which one the other keys are of.

    Returned keys, in this order: ``mPQ``, ``mSQ``, ``mRQ``, ``PQ_std``,
    ``SQ_std``, ``RQ_std``; these again with ``_all`` (with a ``headline``),
    with ``_<subset>``, with ``_things`` and with ``_stuff``; the three means
    with ``_void_apart`` and with ``_void_as_road``; then, with
    ``per_class``, ``PQ.<class>``, ``SQ.<class>`` and ``RQ.<class>``. Groups
    without a class that is labelled or predicted have no keys.

    What is kept of the images is one sum a class and rank, whatever their
    number.

    Args:
        subsets: Names of classes for each named subset, for instance
            ``dict(synthia16=['road', ...])`` gives ``mPQ_synthia16``.
        headline: Name of the subset that the keys without an ending are of,
            and of which things and stuff are parts. Default: all classes.
        void_as_road: Whether void that is predicted counts as pixels of the
            class 0.
        per_class: Return the values of each class as well; they are in the
            printed table in any case.
        output_dir, keep_results: Accepted because ``mmseg-balance test
            --out`` sets them for each metric; this one saves nothing.
        collect_device: Device that collects the results of all ranks, 'cpu'
            or 'gpu'.
        prefix: Put before each key, with a slash.

    Raises:
        ValueError: A subset with the name of a group, or a headline that is
            no subset; when the data set is known: it has no things, or not
            the classes of the subsets.
    """

    def __init__(
        self,
        subsets: Mapping[str, Sequence[str]] | None = None,
        headline: str | None = None,
        void_as_road: bool = False,
        per_class: bool = True,
        output_dir: str | None = None,
        keep_results: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.results: list[ImageCounts] = []
        self.subsets = dict(subsets or {})
        for name in set(GROUPS) & set(self.subsets):
            raise UserValueError(
                f'subsets has the name {name!r}, which stands '
                'for a group of its own: rename it'
            )
        if headline is not None and headline not in self.subsets:
            raise UserValueError(
                f'headline of PanopticQualityMetric is {headline!r}, '
                f'expected the name of one of its subsets: '
                f'{list(self.subsets)}'
            )
        self.headline = headline
        self.void_as_road = void_as_road
        self.per_class = per_class
        # of the latest evaluation, on the first rank alone
        self.counts: ImageCounts | None = None

    @property
    def dataset_meta(self) -> Any:
        """Meta data of the data set; needs 'classes' and 'thing_classes'."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        classes = dataset_meta['classes']
        # of a part of the classes it may name things that are not in it
        if dataset_meta.get('thing_classes') is None:
            raise UserValueError(
                'PanopticQualityMetric in val_evaluator or test_evaluator '
                'needs a data set that says which of its classes are things '
                '(metainfo.thing_classes): take a panoptic one, '
                'CityscapesPanopticDataset for one, as '
                'val_dataloader.dataset and test_dataloader.dataset, or take '
                'the metric away'
            )
        for name, members in self.subsets.items():
            unknown = [n for n in members if n not in classes]
            if unknown:
                raise UserValueError(
                    f'subsets.{name} of PanopticQualityMetric names '
                    f'{unknown}, expected classes of the data set: {classes}'
                )
        self._dataset_meta = dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count the segments of a batch, image by image.

        Args:
            data_batch: Not used.
            data_samples: Dicts with 'pred_panoptic_seg', 'gt_panoptic_seg'
                (maps of ids under 'data') and 'segments_info'.

        Raises:
            ValueError: One of them is missing, or they do not fit each
                other; names the file, the key and what mends it.
        """
        num_classes = len(self.dataset_meta['classes'])
        for sample in data_samples:
            file = sample.get('img_path', 'an image without img_path')
            for key, reason in NEEDED.items():
                if key not in sample:
                    raise UserValueError(
                        f'{file} has no {key}, which PanopticQualityMetric '
                        f'in val_evaluator or test_evaluator needs: {reason},'
                        ' or take the metric away'
                    )
            try:
                counts = count_image(
                    _ids(sample['pred_panoptic_seg']),
                    _ids(sample['gt_panoptic_seg']),
                    sample['segments_info'],
                    num_classes,
                )
            except ValueError as error:
                raise UserValueError(f'{file}: {error}') from error
            # the last image apart, see evaluate()
            if len(self.results) > 1:
                self.results = [self.results[0] + self.results[1]]
            self.results.append(counts)

    def evaluate(self, size: int) -> dict:
        """Exchange the sums of all ranks and compute every score.

        Rank r of W has the images r, r + W, ...; where W does not divide
        their number, samplers give some ranks one again that another one
        has. It is their last, and not counted.

        Args:
            size: Number of images of the data set.

        Returns:
            Scores by key, see the class.
        """
        rank, num_ranks = get_dist_info()
        seen = sum(counts.num_images for counts in self.results)
        if seen > len(range(rank, size, num_ranks)):
            self.results.pop()
        nothing = ImageCounts.none(len(self.dataset_meta['classes']))
        self.results = [sum(self.results, nothing)]
        return super().evaluate(num_ranks)

    def compute_metrics(self, results: list[ImageCounts]) -> dict[str, float]:
        """Sum up the ranks and compute every score.

        Args:
            results: The sums of each rank.

        Returns:
            Scores by key, see the class; percent or percentage points.
        """
        self.counts = sum(results[1:], results[0])
        return self.scores(self.counts)

    def scores(self, counts: ImageCounts) -> dict[str, float]:
        """Every score of a sum over images; prints them as tables.

        Args:
            counts: The sum.

        Returns:
            Scores by key, see the class. Empty, with a warning, when there is
            no segment: a validation must not end a training run.
        """
        scores = PanopticScores.of(
            counts,
            self.dataset_meta['classes'],
            self._groups(),
            self.void_as_road,
        )
        if scores.is_empty:
            print_log(
                'no panoptic score: no segment is labelled or predicted in '
                f'{counts.num_images} images. Check the labels of '
                'val_dataloader and test_dataloader',
                'current',
                logging.WARNING,
            )
            return {}
        print_log(scores.tables(), 'current')
        return scores.by_key(self.per_class)

    def possible_scores(self) -> set[str]:
        """Keys of a set in which each class is labelled, with the prefix."""
        one = np.ones(len(self.dataset_meta['classes']), np.int64)
        counts = PanopticCounts(one, one, one, one.astype(float))
        scores = PanopticScores.of(
            ImageCounts(1, counts, counts),
            self.dataset_meta['classes'],
            self._groups(),
            self.void_as_road,
        )
        prefix = f'{self.prefix}/' if self.prefix else ''
        return {f'{prefix}{key}' for key in scores.by_key(self.per_class)}

    def _groups(self) -> dict[str, Tensor]:
        """Members of each group by its name, as bool (C,), first as first."""
        classes = self.dataset_meta['classes']

        def members(names: Sequence[str]) -> Tensor:
            return torch.tensor([c in names for c in classes])

        subsets = {name: members(s) for name, s in self.subsets.items()}
        groups = {'all': members(classes)}
        if self.headline is not None:
            groups = {self.headline: subsets[self.headline], **groups}
        scope = next(iter(groups.values()))
        things = members(self.dataset_meta['thing_classes'])
        return (
            groups
            | subsets
            | dict(things=things & scope, stuff=~things & scope)
        )


def _ids(field: Mapping[str, Any]) -> np.ndarray:
    """Ids of a sample's field, (H, W)."""
    return field['data'].squeeze(0).cpu().numpy()
