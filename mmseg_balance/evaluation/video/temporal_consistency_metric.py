"""Metric of predictions that stay what they are from frame to frame."""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmseg.registry import METRICS
from torch import Tensor

from ...errors import UserValueError
from ..confusion import iou_and_acc, mean_and_std
from ..tables import class_table
from .temporal_consistency import PairCounts, count_pair, turn_back

PREDICTED_BEFORE = 'prev_pred_sem_seg'
HOOK = 'PredictPreviousFrameHook'


@METRICS.register_module()
class TemporalConsistencyMetric(BaseMetric):
    """Temporal consistency (TC): mIoU of a prediction and the one before.

    The prediction of the frame before an image is moved to it by the optical
    flow, and takes the place of its label: Liu et al., "Efficient Semantic
    Video Segmentation with Per-frame Inference" (ECCV 2020), and VSPW (Miao
    et al., CVPR 2021). No label is needed. Beside another metric, in a list:
    ``val_evaluator = [dict(type='BalancedIoUMetric'),
    dict(type='TemporalConsistencyMetric')]``.

    Pixels count where the flow counts (``flow_valid``: not hidden before, as
    far as the flow back tells) and leads to a pixel of the frame. Public
    code of VSPW has no such test, moves the next frame to the earlier one,
    and has flow of RAFT; so its numbers are not beside these. One matrix of
    counts is summed over all pairs; the order of images and the number of
    ranks change nothing.

    Returned keys, in this order, in percent: ``mTC``, the mean over classes
    that either prediction has; ``TC_std``, their population standard
    deviation; ``TC_pixels``, the share of the pixels of the pairs that
    count; then, with ``per_class``, ``TC.<class>``. Images that are the first
    of a sequence are left out, and their number is logged.

    Args:
        per_class: Return the values of each class as well; they are in the
            printed table in any case.
        output_dir, keep_results: Accepted because ``mmseg-balance test
            --out`` sets them for each metric; this one saves nothing.
        collect_device: Device that collects the results of all ranks, 'cpu'
            or 'gpu'.
        prefix: Put before each key, with a slash.

    Raises:
        ValueError: When the data set is known: its images have one label
            each. Of a batch: it has no frames, or predictions of these.
    """

    # which commands add, see ``mmseg_balance.runs``
    required_hooks = {HOOK: 'the frame before each image is to be predicted'}
    scores_pairs = True

    def __init__(
        self,
        per_class: bool = True,
        output_dir: str | None = None,
        keep_results: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.results: list[PairCounts] = []
        self.per_class = per_class

    @property
    def dataset_meta(self) -> Any:
        """Meta data of the data set; needs 'classes'."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        if dataset_meta.get('labels_images'):
            raise UserValueError(
                'TemporalConsistencyMetric in val_evaluator or test_evaluator '
                'compares labels of pixels, and the data set has one label an '
                'image: take it away'
            )
        self._dataset_meta = dataset_meta

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, image by image.

        Args:
            data_batch: Not used.
            data_samples: Dicts with 'pred_sem_seg', 'prev_img_path', and,
                where that is not None, 'prev_pred_sem_seg', 'flow' and
                'flow_valid'. Those with 'flip' were mirrored for the network,
                and their predictions are turned back: so is the flow.
        """
        num_classes = len(self.dataset_meta['classes'])
        for sample in data_samples:
            if not _is_pair(sample):
                self.results.append(PairCounts.none())
                continue
            prediction, earlier, flow, valid = (
                sample[key]['data']
                for key in (
                    'pred_sem_seg', PREDICTED_BEFORE, 'flow', 'flow_valid',
                )
            )  # fmt: skip
            if sample.get('flip'):
                direction = sample['flip_direction']
                flow, valid = turn_back(flow, valid, direction)
            try:
                counts = count_pair(
                    prediction.squeeze(0),
                    earlier.squeeze(0).to(prediction.device),
                    flow.to(prediction.device),
                    valid.squeeze(0).to(prediction.device),
                    num_classes,
                )
            except ValueError as error:
                raise UserValueError(
                    f'{sample.get("img_path")}: {error}'
                ) from error
            self.results.append(counts)

    def compute_metrics(self, results: list[PairCounts]) -> dict[str, float]:
        """Sum up the pairs and compute the scores.

        Args:
            results: Of the images.

        Returns:
            Scores by key, see the class. Empty, with a warning, where no
            pixel counts: a validation must not end a training run.
        """
        classes = self.dataset_meta['classes']
        total = torch.zeros(len(classes) ** 2, dtype=torch.int64)
        for counts in results:
            total[counts.position] += counts.counts
        pixels = [c.num_pixels for c in results if c.num_pixels]
        first = len(results) - len(pixels)
        of = (
            f'of {len(pixels)} pairs of frames (images that are the first of '
            f'a sequence, and left out: {first})'
        )
        if not int(total.sum()):
            print_log(
                f'no temporal consistency: no pixel counts {of}. Look at the '
                'frames and the flow with mmseg-balance browse',
                'current',
                logging.WARNING,
            )
            return {}
        share = 100 * int(total.sum()) / sum(pixels)
        return self._scores(total.view(len(classes), -1), share, of)

    def _scores(
        self, confusion: Tensor, share: float, of: str
    ) -> dict[str, float]:
        """Scores of the summed counts; prints them as a table."""
        classes = self.dataset_meta['classes']
        consistency = 100 * iou_and_acc(confusion)[0]
        table = class_table(classes, dict(TC=consistency))
        absent = [
            name
            for name, value in zip(classes, consistency, strict=True)
            if value.isnan()
        ]
        mean, std = mean_and_std(consistency)
        text = (
            f'temporal consistency {of}:\n{table}\nmTC {mean:.2f}, TC_std '
            f'{std:.2f}; {share:.2f} % of the pixels count'
        )
        if absent:
            text += (
                f'\nclasses that are never predicted, and in no mean: '
                f'{", ".join(absent)}'
            )
        print_log(text, 'current')
        scores = dict(mTC=mean, TC_std=std, TC_pixels=share)
        if self.per_class:
            named = zip(classes, consistency.tolist(), strict=True)
            scores |= {f'TC.{c}': v for c, v in named if v == v}
        return scores

    def possible_scores(self) -> set[str]:
        """Names of the scores that it may return."""
        names = ['mTC', 'TC_std', 'TC_pixels']
        if self.per_class:
            names += [f'TC.{c}' for c in self.dataset_meta['classes']]
        prefix = f'{self.prefix}/' if self.prefix else ''
        return {f'{prefix}{name}' for name in names}


def _is_pair(sample: dict) -> bool:
    """Whether an image has a frame before it.

    Raises:
        ValueError: Frames are not loaded, or not predicted; says what is.
    """
    image = sample.get('img_path', 'an image without img_path')
    if 'prev_img_path' not in sample:
        raise UserValueError(
            f'{image}: TemporalConsistencyMetric finds no frame before it: '
            'mmseg-balance test --temporal loads them, or put '
            'LoadPreviousFrame, LoadOpticalFlow and PackFrameInputs into the '
            'pipeline of the data set (docs/temporal_consistency.md)'
        )
    if sample['prev_img_path'] is None:
        return False
    missing = [
        key for key in (PREDICTED_BEFORE, 'flow', 'flow_valid')
        if key not in sample
    ]  # fmt: skip
    if PREDICTED_BEFORE in missing:
        raise UserValueError(
            f'{image}: the frame before it was not predicted: add '
            f"dict(type='{HOOK}') to custom_hooks"
        )
    if missing:
        raise UserValueError(
            f"{image}: it has no {missing[0]}: put dict(type='LoadOpticalFlow'"
            ') behind LoadPreviousFrame, and PackFrameInputs at the end'
        )
    return True
