"""A decode head of two frames (ACCEL)."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from mmengine.model import ModuleList
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from ...errors import UserTypeError
from ..child_keys import name_keys_as_child
from ..head_losses.own_losses import own_loss_methods
from ..head_losses.predictions import Prediction, decode_predictions
from ..norm_statistics import kept_norm_statistics
from ..recording import noted_in
from .frame_features import FrameFeatures
from .frame_fusion import FrameFusion, propagate


@MODELS.register_module()
class AccelHead(BaseDecodeHead):
    """Fuses what a head predicts for a frame and for the one before it.

    z = K [z_t ; warp(z_{t-1})], see ``FrameFusion`` and ``propagate``, at
    the size of the head's own logits. z_{t-1} has no gradient; batch norms
    normalise it by its own batch, and do not count it. Losses, and the
    statistics that losses keep, are of z.

    The losses of the head within become those of this one. Of an
    ``HRDAHead`` the fused logits of the whole frame are z_t; its detail crop
    keeps a loss of its own, on the logits of frame t.

    Its state dict is that of the head within, and ``fusion.weight``.

    Args:
        head: Config of the head.

    Raises:
        TypeError: The head computes its losses in its own way.
    """

    def __init__(self, head: ConfigType) -> None:
        head = dict(head)
        sampler = head.pop('sampler', None)
        inner = MODELS.build(head)
        own = own_loss_methods(inner)
        if own:
            raise UserTypeError(
                f'AccelHead fuses the logits that losses see, but '
                f'{type(inner).__name__} has its own {" and ".join(own)}: '
                'choose a head that inherits them from BaseDecodeHead, '
                'ASPPHead, DLV2Head, DAFormerHead or SegformerHead for '
                'example'
            )
        # the first weights do not depend on whether frames are fused
        with torch.random.fork_rng(devices=[]):
            super().__init__(
                in_channels=1,  # takes what its head takes, see below
                channels=inner.channels,
                num_classes=inner.num_classes,
                out_channels=inner.out_channels,
                threshold=inner.threshold,
                dropout_ratio=0,
                ignore_index=inner.ignore_index,
                sampler=sampler,
                align_corners=inner.align_corners,
                init_cfg=None,
            )
        del self.conv_seg  # its head predicts
        self.in_channels = inner.in_channels
        self.in_index = inner.in_index
        self.input_transform = inner.input_transform
        self.loss_decode = inner.loss_decode
        inner.loss_decode = ModuleList()
        self.head = inner
        self.fusion = FrameFusion(inner.out_channels)
        name_keys_as_child(self, 'head')

    def forward(self, inputs: FrameFeatures | Any) -> Tensor:
        """Fused logits, (N, C, h, w).

        Args:
            inputs: Of an ``AccelEncoderDecoder``; features that the head
                within takes are of images without frames before them.
        """
        inputs = FrameFeatures.of(inputs)
        return self.fuse(inputs, self.head.forward(inputs.current))

    def training_predictions(
        self, inputs: FrameFeatures | Any, keep_features: bool = False
    ) -> list[Prediction]:
        """The fused prediction, and others that the head within has.

        Args:
            inputs: As above.
            keep_features: Whether predictions have the features that entered
                the classifier, those of frame t.
        """
        inputs = FrameFeatures.of(inputs)
        whole, *others = decode_predictions(
            self.head, inputs.current, keep_features
        )
        fused = self.fuse(inputs, whole.logits)
        return [replace(whole, head=self, logits=fused), *others]

    @property
    def classifying_head(self) -> BaseDecodeHead:
        """The head within, whose classifier gives the logits of a frame."""
        return getattr(self.head, 'classifying_head', self.head)

    def fuse(self, inputs: FrameFeatures, logits: Tensor) -> Tensor:
        """Fuse logits of frames t with those of the frames before.

        Args:
            inputs: Features of both.
            logits: Of frames t, (N, C, h, w).

        Returns:
            (N, C, h, w).
        """
        # behind the pass of frame t: under autocast, weights that are cast
        # without gradients first would have none at all
        return self.fusion(logits, self._propagated(inputs, logits))

    @torch.no_grad()
    def _propagated(self, inputs: FrameFeatures, logits: Tensor) -> Tensor:
        """Logits of the frames before, on the grid of frames t."""
        if inputs.earlier is None:
            return logits.detach()
        with ExitStack() as contexts:
            contexts.enter_context(noted_in(None))
            if self.training:
                contexts.enter_context(kept_norm_statistics(self.head))
            earlier = self.head.forward(inputs.earlier)
        return propagate(
            earlier, inputs.flow, inputs.valid, self.align_corners
        )
