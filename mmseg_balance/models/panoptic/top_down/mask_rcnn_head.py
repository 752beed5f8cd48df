"""Instances top-down: Mask R-CNN on the levels of a backbone."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType, OptMultiConfig, SampleList
from torch import Tensor

from mmseg_balance.panoptic.fusion import fuse_detections

from ....compat import import_mmdet
from ..instance_head import InstanceHead
from .checks import check_arguments, check_levels, check_strides
from .outputs import in_single_precision, total, with_masks
from .samples import (
    image_samples,
    training_samples,
    without_classes,
)
from .settings import STRIDES, mask_rcnn_settings

# sides of a box where operations are counted, of the finest level
PROPOSAL = 56.0


@MODELS.register_module()
class MaskRCNNHead(InstanceHead):
    """FPN, RPN and RoI heads of MMDetection (EDAPS's M-Dec-TD).

    The parts are MMDetection's own. Without changes they are those of EDAPS
    (ICCV 2023), https://github.com/susaha/edaps, and its parameters have the
    same names: ``neck.``, ``rpn_head.``, ``roi_head.``.

    Args:
        in_channels: Of the levels of the backbone.
        channels: Of the pyramid and of all convolutions behind it.
        fc_channels: Of the fully connected layers of the box head.
        strides: Of the levels of the pyramid, one more than there are of the
            backbone; regions are of all but the last.
        neck, rpn_head, roi_head, train_cfg, test_cfg: Keys of MMDetection
            that replace those of :func:`mask_rcnn_settings`, nested.
        fusion: Arguments of :func:`fuse_detections`.
        skip_without_instances: Whether one image without instances leaves the
            losses of its whole batch out, as the public code does. Default:
            all that is proposed in it is background.
        **kwargs: Arguments of ``InstanceHead``.

    Raises:
        ImportError: MMDetection is missing or does not fit; with the command
            that helps.
        ValueError: A key that nothing reads, or too few strides.

    Example:
        >>> model = dict(
        ...     type='PanopticEncoderDecoder',
        ...     backbone=...,  # four levels
        ...     decode_head=...,
        ...     instance_head=dict(
        ...         type='MaskRCNNHead', in_channels=[64, 128, 320, 512]
        ...     ),
        ...     things=[11, 12, 13, 14, 15, 16, 17, 18],
        ...     test_cfg=dict(mode='whole'),
        ... )
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        things: Sequence[int],
        channels: int = 256,
        fc_channels: int = 1024,
        strides: Sequence[int] = STRIDES,
        neck: OptConfigType = None,
        rpn_head: OptConfigType = None,
        roi_head: OptConfigType = None,
        train_cfg: OptConfigType = None,
        test_cfg: OptConfigType = None,
        fusion: OptConfigType = None,
        skip_without_instances: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(things, init_cfg)
        import_mmdet(type(self).__name__)
        from mmdet.registry import MODELS as MMDET_MODELS

        settings = mask_rcnn_settings(
            in_channels,
            len(self.things),
            channels,
            fc_channels,
            strides,
            neck=neck,
            rpn_head=rpn_head,
            roi_head=roi_head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
        )
        self.train_cfg, self.test_cfg = settings.train_cfg, settings.test_cfg
        self.in_channels, self.strides = tuple(in_channels), tuple(strides)
        self.fusion = dict(fusion or {})
        check_arguments('fusion', fuse_detections, self.fusion)
        self.skip_without_instances = skip_without_instances
        phases = {
            part: dict(
                train_cfg=self.train_cfg[phase], test_cfg=self.test_cfg[phase]
            )
            for part, phase in (('rpn_head', 'rpn'), ('roi_head', 'rcnn'))
        }
        # parts that name parts: FPN and losses of mmseg have the same names
        with DefaultScope.overwrite_default_scope('mmdet'):
            self.neck = MMDET_MODELS.build(settings.neck)
            self.rpn_head = MMDET_MODELS.build(
                settings.rpn_head | phases['rpn_head']
            )
            self.roi_head = MMDET_MODELS.build(
                settings.roi_head | phases['roi_head']
            )
        self.rpn_head.register_forward_hook(in_single_precision)

    def forward(
        self,
        features: Sequence[Tensor],
        decoder_features: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Outputs on as many proposals as there are at most.

        Args:
            features, decoder_features: See ``InstanceHead.losses``.

        Returns:
            Objectness and deltas of each level of the pyramid; classes and
            deltas of boxes, and 100 masks. All boxes are the same one.
        """
        levels = self.neck(features)
        box = levels[0].new_tensor([0.0, 0.0, PROPOSAL, PROPOSAL])
        proposals = InstanceData(
            bboxes=box.expand(self.test_cfg.rpn.max_per_img, 4)
        )
        regions = [proposals] * len(levels[0])
        scores, deltas = self.rpn_head(levels)
        return (*scores, *deltas, *self.roi_head.forward(levels, regions))

    def losses(
        self,
        features: Sequence[Tensor],
        data_samples: SampleList,
        decoder_features: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Losses of RPN, box head and mask head; see ``InstanceHead``."""
        samples = training_samples(data_samples)
        if self.skip_without_instances and any(
            len(sample.gt_instances) == 0 for sample in samples
        ):
            return {}
        levels = self._pyramid(features, samples[0].pad_shape)
        losses, proposals = self.rpn_head.loss_and_predict(
            levels,
            without_classes(samples),
            proposal_cfg=self.train_cfg.rpn_proposal,
        )
        losses |= self.roi_head.loss(levels, proposals, samples)
        return {name: total(value) for name, value in losses.items()}

    def predict(
        self,
        features: Sequence[Tensor],
        semantic: Sequence[Tensor],
        metas: Sequence[dict[str, Any]],
        logits: Sequence[Tensor],
        decoder_features: Tensor | None = None,
    ) -> list[tuple[Tensor, InstanceData]]:
        """Segments and detections of each image; see ``InstanceHead``."""
        return [
            (self.fuse(labels, found, len(scores)), self.in_classes(found))
            for labels, scores, found in zip(
                semantic, logits, self.detect(features, metas), strict=True
            )
        ]

    def detect(
        self, features: Sequence[Tensor], metas: Sequence[dict[str, Any]]
    ) -> list[InstanceData]:
        """Detections in each image, at its original size.

        Args:
            features, metas: See ``InstanceHead.predict``.

        Returns:
            ``bboxes`` (K, 4), ``scores`` (K,), ``labels`` (K,), numbers of
            things, and ``masks``, bool (K, H, W).
        """
        samples = image_samples(metas)
        levels = self._pyramid(features, samples[0].pad_shape)
        proposals = self.rpn_head.predict(levels, samples, rescale=False)
        sizes = [sample.metainfo for sample in samples]
        boxes = self.roi_head.predict_bbox(
            levels, sizes, proposals, self.test_cfg.rcnn, rescale=False
        )
        return [
            with_masks(
                self.roi_head,
                [level[i : i + 1] for level in levels],
                size,
                box,
            )
            for i, (size, box) in enumerate(zip(sizes, boxes, strict=True))
        ]

    def _pyramid(
        self, features: Sequence[Tensor], shape: tuple[int, int]
    ) -> Sequence[Tensor]:
        """Levels that proposals and regions are of, checked."""
        check_levels(features, self.in_channels)
        levels = self.neck(features)
        check_strides(levels, self.strides, shape)
        return levels

    def fuse(
        self, semantic: Tensor, found: InstanceData, num_classes: int
    ) -> Tensor:
        """Ids of segments, of classes and detections.

        Args:
            semantic: Label of each pixel (H, W).
            found: Of :meth:`detect`.
            num_classes: Number of classes.

        Returns:
            Ids (H, W), see :func:`fuse_detections`.
        """
        is_thing = torch.zeros(
            num_classes, dtype=torch.bool, device=semantic.device
        )
        is_thing[list(self.things)] = True
        return fuse_detections(
            semantic,
            found.scores,
            found.labels,
            found.masks,
            is_thing,
            **self.fusion,
        )

    def in_classes(self, found: InstanceData) -> InstanceData:
        """Detections with labels of classes.

        Args:
            found: Of :meth:`detect`.
        """
        things = torch.tensor(self.things, device=found.labels.device)
        fields = dict(found.items()) | dict(labels=things[found.labels])
        return InstanceData(**fields)
