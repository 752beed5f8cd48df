"""An iteration that is recorded, of any model."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from ...models.head_losses.predictions import predicted_classes
from ...models.head_losses.segmentation_loss import loss_modules
from ...models.panoptic.noted_segments import note_segments
from ...models.recording import (
    IMAGE,
    LABELS,
    PREDICTION,
    SOURCE,
    Recorder,
    note,
    recording,
)


@contextmanager
def recorded_step(model: nn.Module, recorder: Recorder) -> Iterator[None]:
    """Around a training step whose tensors somebody wants to see.

    A model that has ``notes_steps`` says itself what it is given. Any other
    is watched, for this step alone, where it normalises its images and where
    its decode head hands logits to its first loss.

    Args:
        model: The model, without its wrapper.
        recorder: Is offered what is noted.
    """
    if getattr(model, 'notes_steps', False):
        with recording(recorder):
            yield
        return
    with recording(recorder, SOURCE), ExitStack() as hooks:
        preprocessor = getattr(model, 'data_preprocessor', None)
        if preprocessor is not None:
            handle = preprocessor.register_forward_hook(_note_input)
            hooks.callback(handle.remove)
        head = getattr(model, 'decode_head', None)
        if isinstance(head, BaseDecodeHead):
            for loss in loss_modules(head)[:1]:
                handle = loss.register_forward_pre_hook(_noting(head))
                hooks.callback(handle.remove)
        yield


def _note_input(module: nn.Module, inputs: tuple, output: Any) -> None:
    """Offer what a data preprocessor of MMSegmentation gives."""
    if not isinstance(output, dict):
        return
    images, samples = output.get('inputs'), output.get('data_samples')
    if isinstance(images, Tensor) and images.dim() == 4:
        note(IMAGE, images)
    if samples and all(hasattr(sample, 'gt_sem_seg') for sample in samples):
        note(
            LABELS,
            lambda: torch.stack([s.gt_sem_seg.data[0] for s in samples]),
        )
        note_segments(samples)


def _noting(head: BaseDecodeHead):
    def note_prediction(module: nn.Module, inputs: tuple) -> None:
        if inputs and isinstance(inputs[0], Tensor) and inputs[0].dim() == 4:
            note(PREDICTION, lambda: predicted_classes(head, inputs[0]))

    return note_prediction
