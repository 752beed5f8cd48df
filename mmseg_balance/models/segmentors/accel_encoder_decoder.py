"""Segmentors that look at the frame before as well (ACCEL)."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from mmengine.logging import print_log
from mmseg.models import EncoderDecoder, SegDataPreProcessor
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptMultiConfig, OptSampleList, SampleList
from torch import Tensor, nn

from ...errors import UserValueError
from ..decode_heads.accel_head import AccelHead
from ..decode_heads.frame_features import FrameFeatures
from ..frames.pairs import frame_pair, image_channels
from ..norm_statistics import kept_norm_statistics
from ..recording import noted_in
from .hrda_encoder_decoder import HRDAEncoderDecoder


class FusesFrames:
    """Lets a segmentor fuse frames, to be put in front of its class.

    Each of its heads becomes the one within an :class:`AccelHead`.
    """

    takes_frames = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if type(self.data_preprocessor) is SegDataPreProcessor:
            raise UserValueError(
                f'{type(self).__name__} takes images with the frames before '
                'them, which SegDataPreProcessor leaves out: set '
                "data_preprocessor.type='FrameDataPreProcessor' and "
                'in_tests=True of it'
            )
        self._was_said = False

    def _init_decode_head(self, decode_head: ConfigType) -> None:
        super()._init_decode_head(_fusing(decode_head))

    def _init_auxiliary_head(self, auxiliary_head: OptMultiConfig) -> None:
        if isinstance(auxiliary_head, list):
            auxiliary_head = [_fusing(head) for head in auxiliary_head]
        elif auxiliary_head is not None:
            auxiliary_head = _fusing(auxiliary_head)
        super()._init_auxiliary_head(auxiliary_head)

    def extract_feat(self, inputs: Tensor) -> FrameFeatures:
        """Features of images, and of the frames before them.

        Args:
            inputs: (N, 9, H, W), see ``stack_frames``; or (N, 3, H, W),
                images without frames before them.
        """
        return self._of_frames(inputs, super().extract_feat)

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of supervised training without a UDA model.

        Args:
            inputs: (N, 9, H, W).
            data_samples: With labels.

        Raises:
            ValueError: Images come without frames.
        """
        if frame_pair(inputs) is None:
            raise UserValueError(
                f'{type(self).__name__} learns from pairs of frames, and '
                'images come without: set data_preprocessor.type='
                "'FrameDataPreProcessor', and put LoadPreviousFrame, "
                'LoadOpticalFlow and PackFrameInputs into '
                'train_dataloader.dataset.pipeline (docs/frame_pairs.md)'
            )
        return super().loss(inputs, data_samples)

    def predict(
        self, inputs: Tensor, data_samples: OptSampleList = None
    ) -> SampleList:
        """Predict images; says once if they come without frames.

        Args:
            inputs: (N, 9, H, W), or (N, 3, H, W).
            data_samples: Of them.
        """
        if frame_pair(inputs) is None and not self._was_said:
            self._was_said = True
            print_log(
                f'{type(self).__name__} predicts images without the frames '
                'before them, as if nothing had moved: for pairs set '
                'data_preprocessor.in_tests=True, and put LoadPreviousFrame, '
                'LoadOpticalFlow and PackFrameInputs into the pipeline of '
                'these images (docs/frame_pairs.md)',
                'current',
                logging.WARNING,
            )
        return super().predict(inputs, data_samples)

    def _of_frames(
        self, inputs: Tensor, extract: Callable[[Tensor], Any]
    ) -> FrameFeatures:
        """Features of both frames.

        Args:
            inputs: As above.
            extract: Gives features of images (N, 3, H, W).
        """
        current = extract(image_channels(inputs))
        pair = frame_pair(inputs)
        if pair is None:
            return FrameFeatures(current)
        with ExitStack() as contexts:
            contexts.enter_context(torch.no_grad())
            contexts.enter_context(noted_in(None))
            if self.training:
                contexts.enter_context(kept_norm_statistics(self))
            earlier = extract(pair.images)
        return FrameFeatures(current, earlier, pair.flow, pair.valid)


@MODELS.register_module()
class AccelEncoderDecoder(FusesFrames, EncoderDecoder):
    """An ``EncoderDecoder`` that fuses logits of two frames.

    ACCEL (Jain et al., CVPR 2019), as DA-VSN (ICCV 2021) and TPS (ECCV 2022)
    have it: both frames go through the same network, the earlier one without
    gradients; each head's logits of it are moved by the flow, and joined
    with those of the image, see :class:`AccelHead`. At the start that is the
    plain network, whose checkpoints load: ``fusion.weight`` of each head,
    which they lack, keeps its start.

    Images that come without frames, in tests, are fused with themselves, as
    if nothing had moved.

    Args:
        *args, **kwargs: Of ``EncoderDecoder``; heads as they are without
            frames.

    Raises:
        TypeError: A head computes its losses in its own way.
        ValueError: The ``data_preprocessor`` is no
            ``FrameDataPreProcessor``.

    Example:
        >>> dict(type='AccelEncoderDecoder', data_preprocessor=dict(
        ...     type='FrameDataPreProcessor', in_tests=True))
    """

    def context_images(self, images: Tensor) -> Tensor:
        """The images that ``FrameFeatures.context`` is of, (N, 3, H, W)."""
        return image_channels(images)


@MODELS.register_module()
class AccelHRDAEncoderDecoder(FusesFrames, HRDAEncoderDecoder):
    """An ``HRDAEncoderDecoder`` that fuses logits of two frames.

    What is fused are logits of whole frames, those that context and detail
    give together. In training the detail of both frames is cropped at the
    same place. (UVDA fuses context and detail, too, each by itself; it
    stretches the detail's logits to the whole frame before they are moved.)

    Args:
        *args, **kwargs: Of ``HRDAEncoderDecoder``; see
            :class:`AccelEncoderDecoder`.
    """

    @property
    def scaled_head(self) -> nn.Module:
        """The head that joins context and detail."""
        return self.decode_head.head

    def context_images(self, images: Tensor) -> Tensor:
        """The images, without frames, at the resolution of the context."""
        return super().context_images(image_channels(images))

    def extract_train_feat(self, inputs: Tensor) -> FrameFeatures:
        """Features of the context and of one random crop, of both frames.

        Args:
            inputs: (N, 9, H, W).
        """
        box = self.draw_box(tuple(inputs.shape[-2:]))
        extract = partial(super().extract_train_feat, box=box)
        return self._of_frames(inputs, extract)


def _fusing(head: ConfigType) -> ConfigType:
    """Config of a head that fuses what the given one predicts."""
    if isinstance(head, dict) and head.get('type') == AccelHead.__name__:
        return head
    return dict(type=AccelHead.__name__, head=head)
