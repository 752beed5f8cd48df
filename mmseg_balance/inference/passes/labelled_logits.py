"""Logits of a trained model, image after image, for tools that look at them.

Nothing of an evaluation is done here: no metric, no runner, no work folder.
"""

import copy
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import cv2
import torch
from mmengine.dataset import pseudo_collate
from mmseg.structures import SegDataSample
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from ...datasets.loading.leaves import keyed_leaves
from ...errors import UserRuntimeError, UserValueError
from ..evaluation_set import TEST_SET

IGNORED = 255


@dataclass
class LabelledLogits:
    """What a model says of one image, and what its label says.

    Attributes:
        index: Index of the image in the data set.
        logits: float32 (C, H, W) at the size of the original image, on the
            device of the model.
        labels: int64 (H, W) on the same device, 255 where ignored; None
            where the pipeline loads no labels.
        sample: What it predicts, beside what the pipeline packed.
    """

    index: int
    logits: Tensor
    labels: Tensor | None
    sample: SegDataSample


class Predicts(Protocol):
    """What a batch is given to: a model, or a way to use one."""

    def test_step(self, data: dict) -> list[SegDataSample]:
        """Predict the images of a batch."""


@torch.no_grad()
def predict_logits(
    model: Predicts,
    dataset: Sequence[dict],
    start: int = 0,
    num_workers: int = 2,
) -> Iterator[LabelledLogits]:
    """Predict one image after the other, in the order of the data set.

    Sliding windows, padding, resizing and un-flipping are those of the
    model's own ``predict``, as in mmseg-balance test.

    Args:
        model: Of :func:`build_predictor`, or another with ``test_step``.
        dataset: Data set whose pipeline packs its samples.
        start: Index of the first image.
        num_workers: Processes that load images ahead. 0: none.

    Yields:
        Logits and labels of each image.

    Raises:
        RuntimeError: The pipeline returned None for an image.
        ValueError: A label has another size than the logits; names the
            files.
    """
    for (image,) in predict_views([model], dataset, start, num_workers):
        yield image


@torch.no_grad()
def predict_views(
    models: Sequence[Predicts],
    dataset: Sequence[dict],
    start: int = 0,
    num_workers: int = 2,
) -> Iterator[list[LabelledLogits]]:
    """The same of several models side by side; each image is loaded once.

    Args:
        models: The models, or ways to use one.
        dataset, start, num_workers: See :func:`predict_logits`.

    Yields:
        Of each image what each model says.
    """
    ignore_index = _ignore_index(dataset)
    loader = DataLoader(
        Subset(dataset, range(start, len(dataset))),
        batch_size=1,
        collate_fn=pseudo_collate,
        num_workers=num_workers,
        worker_init_fn=_start_worker,
        # the seeds of the workers: not drawn from the global generator
        generator=torch.Generator().manual_seed(0),
    )
    for index, batch in enumerate(loader, start):
        if not isinstance(batch, dict):
            raise UserRuntimeError(
                f'the pipeline returned None for image {index} of the '
                f'{type(dataset).__name__}: take the image out, or the '
                'transform that gives up on it'
            )
        # a model may write into what it is given
        batches = [*(copy.deepcopy(batch) for _ in models[1:]), batch]
        yield [
            _predict(model, own, index, ignore_index)
            for model, own in zip(models, batches, strict=True)
        ]


def _predict(
    model: Predicts, batch: dict, index: int, ignore_index: int
) -> LabelledLogits:
    # before predict, which returns the samples with its results in them
    truth = batch['data_samples'][0].get('gt_sem_seg')
    (sample,) = model.test_step(batch)
    logits = sample.seg_logits.data.float()
    labels = None
    if truth is not None:
        labels = truth.data.squeeze(0).to(logits.device, torch.int64)
        _check_size(labels, logits, sample.metainfo)
        if ignore_index != IGNORED:
            labels = labels.masked_fill(labels == ignore_index, IGNORED)
    return LabelledLogits(index, logits, labels, sample)


def _check_size(labels: Tensor, logits: Tensor, metainfo: dict) -> None:
    if labels.shape != logits.shape[1:]:
        raise UserValueError(
            f'the label {metainfo.get("seg_map_path")} is of size '
            f'{tuple(labels.shape)} (height, width) behind the pipeline, the '
            f'logits of {metainfo.get("img_path")} are of its original size '
            f'{tuple(logits.shape[1:])}: put LoadAnnotations behind Resize in '
            'the test pipeline'
        )


def _ignore_index(dataset: Any) -> int:
    """Label of ignored pixels in a data set, or in the first it is made of."""
    _, first = next(keyed_leaves(dataset, TEST_SET))
    return getattr(first, 'ignore_index', IGNORED)


def _start_worker(_: int) -> None:
    """Leave the cores to the model, and signals to the main process.

    Ctrl-C, and a cluster that ends a job, reach all processes of a group; a
    worker that dies of them would make the main process raise anywhere.
    """
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _outlive)


def _outlive(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
