"""Logits of a classifier of instances, proposal after proposal."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from ...errors import UserValueError
from ...models.panoptic import MaskRCNNHead
from ...panoptic.segments import segment_places
from ...panoptic.targets import instance_targets
from ..evaluation_set import TEST_SET
from .labelled_logits import IGNORED, predict_logits

# a proposal is of the object that it overlaps by so much at least
MATCHED = 0.5
# and of none where so much of it is crowd, or without a label
UNLABELLED = 0.5


@dataclass
class ProposalLogits:
    """What the box head says of the proposals in an image.

    Attributes:
        index: Index of the image in the data set.
        logits: float32 (N, K + 1), the background last.
        labels: int64 (N,): number of a thing class, K for the background,
            255 for proposals that are left out.
    """

    index: int
    logits: Tensor
    labels: Tensor


def instance_classifier(model: nn.Module) -> MaskRCNNHead:
    """The branch of a model that classifies instances.

    Args:
        model: Of ``build_predictor``.

    Raises:
        ValueError: It has none; says why.
    """
    for module in model.modules():
        if isinstance(module, MaskRCNNHead):
            return module
    branch = next(
        (
            type(module.instance_head).__name__
            for module in model.modules()
            if hasattr(module, 'instance_head')
        ),
        None,
    )
    if branch is None:
        raise UserValueError(
            'the model has no branch for instances: leave --instances away, '
            'for the bias of its classifier of pixels'
        )
    raise UserValueError(
        f'instance_head of the model is a {branch}, which has no classifier: '
        'the class of its instances is that of their pixels. Leave '
        '--instances away, for the bias of the classifier of pixels'
    )


def predict_proposals(
    model: nn.Module, dataset: Sequence[dict], num_workers: int = 2
) -> Iterator[ProposalLogits]:
    """Classify the proposals of one image after the other.

    They are those of a test: the best of the RPN, behind its NMS. A proposal
    has the class of the object whose box it overlaps most, by an IoU of at
    least 0.5 (that of EDAPS's training, without the matches below it that
    training adds), and is background where there is none. What is background
    by that, and half or more crowd or without a label, is left out.

    Args:
        model: Of ``build_predictor``, with a ``MaskRCNNHead``.
        dataset: Data set whose pipeline loads segments.
        num_workers: Processes that load images ahead.

    Yields:
        Logits and labels of each image.

    Raises:
        ValueError: The pipeline loads no segments, or a thing class of the
            data set is none of the model's.
    """
    head = instance_classifier(model)
    with recorded_proposals(model) as recorded:
        for image in predict_logits(model, dataset, num_workers=num_workers):
            boxes = image.logits.new_zeros(0, 4)
            logits = image.logits.new_zeros(0, len(head.things) + 1)
            if recorded:
                boxes, logits = recorded.pop()
                recorded.clear()
            sample = image.sample
            labels = proposal_labels(
                in_original(boxes, sample), sample, head.things
            )
            yield ProposalLogits(image.index, logits.float(), labels)


def proposal_labels(
    boxes: Tensor, sample: SegDataSample, things: Sequence[int]
) -> Tensor:
    """Class of each proposal, see :func:`predict_proposals`.

    Args:
        boxes: left, top, right, bottom, in pixels of the labels, (N, 4).
        sample: With ``gt_panoptic_seg``, ``gt_sem_seg``, and
            ``segments_info`` in its metainfo.
        things: Labels of the K thing classes.

    Returns:
        int64 (N,): 0 .. K, or 255.
    """
    from mmdet.structures.bbox import bbox_overlaps

    _check_segments(sample, things)
    segments = sample.metainfo['segments_info']
    ids = sample.gt_panoptic_seg.data.squeeze(0).cpu().numpy()
    targets = instance_targets(segment_places(ids, segments), segments, things)
    background = len(things)
    labels = boxes.new_full((len(boxes),), background, dtype=torch.int64)
    if len(targets.labels):
        overlap = bbox_overlaps(boxes, boxes.new_tensor(targets.bboxes))
        best, which = overlap.max(1)
        own = torch.as_tensor(targets.labels, device=boxes.device)[which]
        labels = torch.where(best >= MATCHED, own, background)
    unlabelled = sample.gt_sem_seg.data.squeeze(0) == IGNORED
    share = covered_share(boxes, unlabelled.to(boxes.device))
    left_out = (labels == background) & (share >= UNLABELLED)
    return labels.masked_fill(left_out, IGNORED)


def covered_share(boxes: Tensor, mask: Tensor) -> Tensor:
    """Which share of each box's pixels is in a mask.

    Args:
        boxes: left, top, right, bottom in pixels, (N, 4); edges are rounded
            to whole pixels, of which a box has one at least each way.
        mask: bool (H, W).

    Returns:
        float64 (N,).
    """
    height, width = mask.shape
    sums = mask.new_zeros(height + 1, width + 1, dtype=torch.int64)
    sums[1:, 1:] = mask.long().cumsum(0).cumsum(1)
    left, top, right, bottom = boxes.round().long().unbind(1)
    left, top = left.clamp(0, width - 1), top.clamp(0, height - 1)
    right = torch.maximum(right.clamp(max=width), left + 1)
    bottom = torch.maximum(bottom.clamp(max=height), top + 1)
    inside = (
        sums[bottom, right]
        - sums[top, right]
        - sums[bottom, left]
        + sums[top, left]
    )
    return inside.double() / ((right - left) * (bottom - top))


def in_original(boxes: Tensor, sample: SegDataSample) -> Tensor:
    """Boxes in a network's input, in pixels of the original image.

    Args:
        boxes: (N, 4), in an image that is padded on the right and below.
        sample: Its sample, with ``img_shape`` and ``ori_shape``.
    """
    height, width = sample.metainfo['img_shape'][:2]
    original = sample.metainfo['ori_shape'][:2]
    scale = original[1] / width, original[0] / height
    return boxes * boxes.new_tensor(scale * 2)


@contextmanager
def recorded_proposals(
    model: nn.Module,
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Note what box heads classify, and how.

    Args:
        model: With a ``MaskRCNNHead``, or several.

    Yields:
        A list that grows by boxes (N, 4) and logits (N, K + 1) whenever a
        box head is called, on images of batch size 1.
    """
    regions: list[Tensor] = []
    recorded: list[tuple[Tensor, Tensor]] = []

    def note_regions(_: nn.Module, args: tuple[Any, ...]) -> None:
        regions[:] = [args[1][:, 1:]]

    def note_logits(_: nn.Module, __: Any, output: tuple[Tensor, ...]) -> None:
        recorded.append((regions[0], output[0]))

    with ExitStack() as hooks:
        for head in model.modules():
            if isinstance(head, MaskRCNNHead):
                parts = head.roi_head
                for handle in (
                    parts.bbox_roi_extractor.register_forward_pre_hook(
                        note_regions
                    ),
                    parts.bbox_head.register_forward_hook(note_logits),
                ):
                    hooks.callback(handle.remove)
        yield recorded


def _check_segments(sample: SegDataSample, things: Sequence[int]) -> None:
    if 'gt_panoptic_seg' not in sample:
        raise UserValueError(
            f'{TEST_SET} loads no segments: its type has to be a data set of '
            "segments, with dict(type='LoadPanopticAnnotations') and "
            "dict(type='PackPanopticInputs') in its pipeline"
        )
    segments = sample.metainfo['segments_info']
    others = {s['label'] for s in segments if s['isthing']} - set(things)
    if others:
        raise UserValueError(
            f'{sample.metainfo.get("seg_map_path")} has things of the '
            f'classes {sorted(others)}, but model.things are {list(things)}: '
            f'make metainfo.thing_classes of {TEST_SET} those of the model'
        )
