"""Settings of Mask R-CNN as EDAPS has them, and how others replace them.

The keys are MMDetection's. What differs from its ``mask-rcnn_r50_fpn`` are
the number of classes, and the widths where they are given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmseg.utils import ConfigType

from ....errors import UserValueError
from .checks import check_changes

# of the levels that the heads are given, and of those that RoIs are of
STRIDES = (4, 8, 16, 32, 64)


def mask_rcnn_settings(
    in_channels: Sequence[int],
    num_classes: int,
    channels: int,
    fc_channels: int,
    strides: Sequence[int] = STRIDES,
    **changes: ConfigType | None,
) -> Config:
    """Configs of the parts of Mask R-CNN.

    Args:
        in_channels: Of the levels of the backbone.
        num_classes: Number of thing classes.
        channels: Of the pyramid and of all convolutions behind it.
        fc_channels: Of the two fully connected layers of the box head.
        strides: Of the levels of the pyramid.
        **changes: ``neck``, ``rpn_head``, ``roi_head``, ``train_cfg`` and
            ``test_cfg``: keys that replace those here, nested as they are,
            with ``_delete_=True`` for a whole dict. None: none.

    Returns:
        Configs by these names.

    Raises:
        ValueError: A key of ``train_cfg`` or ``test_cfg`` that is not here,
            or fewer strides than levels.
    """
    if len(strides) <= len(in_channels):
        raise UserValueError(
            'Expected `strides` of MaskRCNNHead to be one for each of the '
            f'{len(in_channels)} levels of in_channels and more, but got '
            f'{list(strides)}'
        )
    settings = Config(
        dict(
            neck=dict(
                type='FPN',
                in_channels=list(in_channels),
                out_channels=channels,
                num_outs=len(strides),
            ),
            rpn_head=_rpn_head(channels, strides),
            roi_head=_roi_head(
                channels, fc_channels, num_classes, strides[:-1]
            ),
            train_cfg=_train_cfg(),
            test_cfg=_test_cfg(),
        )
    )
    given: dict[str, Mapping[str, Any]] = {
        key: dict(change) for key, change in changes.items() if change
    }
    for key in ('train_cfg', 'test_cfg'):
        check_changes(key, settings[key], given.get(key, {}))
    settings.merge_from_dict(given)
    return settings


def _rpn_head(channels: int, strides: Sequence[int]) -> ConfigType:
    return dict(
        type='RPNHead',
        in_channels=channels,
        feat_channels=channels,
        anchor_generator=dict(
            type='AnchorGenerator',
            scales=[8],
            ratios=[0.5, 1.0, 2.0],
            strides=list(strides),
        ),
        bbox_coder=_box_coder([1.0, 1.0, 1.0, 1.0]),
        loss_cls=dict(
            type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0
        ),
        loss_bbox=dict(type='L1Loss', loss_weight=1.0),
    )


def _roi_head(
    channels: int, fc_channels: int, num_classes: int, strides: Sequence[int]
) -> ConfigType:
    return dict(
        type='StandardRoIHead',
        bbox_roi_extractor=_roi_extractor(channels, 7, strides),
        bbox_head=dict(
            type='Shared2FCBBoxHead',
            in_channels=channels,
            fc_out_channels=fc_channels,
            roi_feat_size=7,
            num_classes=num_classes,
            bbox_coder=_box_coder([0.1, 0.1, 0.2, 0.2]),
            reg_class_agnostic=False,
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0
            ),
            loss_bbox=dict(type='L1Loss', loss_weight=1.0),
        ),
        mask_roi_extractor=_roi_extractor(channels, 14, strides),
        mask_head=dict(
            type='FCNMaskHead',
            num_convs=4,
            in_channels=channels,
            conv_out_channels=channels,
            num_classes=num_classes,
            loss_mask=dict(
                type='CrossEntropyLoss', use_mask=True, loss_weight=1.0
            ),
        ),
    )


def _box_coder(stds: list[float]) -> ConfigType:
    return dict(
        type='DeltaXYWHBBoxCoder',
        target_means=[0.0, 0.0, 0.0, 0.0],
        target_stds=stds,
    )


def _roi_extractor(
    channels: int, size: int, strides: Sequence[int]
) -> ConfigType:
    return dict(
        type='SingleRoIExtractor',
        roi_layer=dict(type='RoIAlign', output_size=size, sampling_ratio=0),
        out_channels=channels,
        featmap_strides=list(strides),
    )


def _train_cfg() -> ConfigType:
    return dict(
        rpn=dict(
            assigner=_assigner(positive=0.7, negative=0.3, lowest=0.3),
            sampler=_sampler(256, 0.5, add_gt=False),
            allowed_border=-1,
            pos_weight=-1,
            debug=False,
        ),
        rpn_proposal=_proposals(before_nms=2000),
        rcnn=dict(
            assigner=_assigner(positive=0.5, negative=0.5, lowest=0.5),
            sampler=_sampler(512, 0.25, add_gt=True),
            mask_size=28,
            pos_weight=-1,
            debug=False,
        ),
    )


def _test_cfg() -> ConfigType:
    return dict(
        rpn=_proposals(before_nms=1000),
        rcnn=dict(
            score_thr=0.05,
            nms=dict(type='nms', iou_threshold=0.5),
            max_per_img=100,
            mask_thr_binary=0.5,
        ),
    )


def _assigner(positive: float, negative: float, lowest: float) -> ConfigType:
    return dict(
        type='MaxIoUAssigner',
        pos_iou_thr=positive,
        neg_iou_thr=negative,
        min_pos_iou=lowest,
        match_low_quality=True,
        ignore_iof_thr=-1,
    )


def _sampler(number: int, positive: float, add_gt: bool) -> ConfigType:
    return dict(
        type='RandomSampler',
        num=number,
        pos_fraction=positive,
        neg_pos_ub=-1,
        add_gt_as_proposals=add_gt,
    )


def _proposals(before_nms: int) -> ConfigType:
    return dict(
        nms_pre=before_nms,
        max_per_img=1000,
        nms=dict(type='nms', iou_threshold=0.7),
        min_bbox_size=0,
    )
