"""Configs of networks that train in milliseconds."""


def tiny_mit(**changes) -> dict:
    """A MiT of two stages, in which nothing is drawn."""
    return dict(
        type='MixVisionTransformer',
        embed_dims=8,
        num_stages=2,
        num_layers=[1, 1],
        num_heads=[1, 1],
        patch_sizes=[3, 3],
        strides=[2, 2],
        sr_ratios=[4, 2],
        out_indices=(0, 1),
        mlp_ratio=2,
        drop_path_rate=0.0,
    ) | dict(changes)


def tiny_fused_mit(**changes) -> dict:
    """The same of this package, with the strides of the public ones."""
    return dict(
        type='FusedMixVisionTransformer',
        embed_dims=8,
        num_stages=2,
        num_layers=[2, 2],
        num_heads=[1, 2],
        patch_sizes=[7, 3],
        strides=[4, 2],
        sr_ratios=[2, 1],
        out_indices=(0, 1),
        drop_path_rate=0.0,
    ) | dict(changes)


def tiny_segformer_head(**changes) -> dict:
    """A head for three classes on :func:`tiny_mit`."""
    return dict(
        type='SegformerHead',
        in_channels=[8, 8],
        in_index=[0, 1],
        channels=16,
        num_classes=3,
        norm_cfg=dict(type='BN'),
        align_corners=False,
    ) | dict(changes)


def tiny_mask_rcnn(**changes) -> dict:
    """Config of a ``MaskRCNNHead`` on :func:`tiny_mit`."""
    few = dict(nms_pre=300, max_per_img=200)
    return dict(
        type='MaskRCNNHead',
        in_channels=[8, 8],
        channels=8,
        fc_channels=16,
        strides=[2, 4, 8],
        rpn_head=dict(anchor_generator=dict(scales=[3])),
        train_cfg=dict(rpn_proposal=few),
        test_cfg=dict(rpn=few),
    ) | dict(changes)


def tiny_panoptic(instance_head: dict, things=(2, 3), classes=4) -> dict:
    """A panoptic segmentor for images of any size."""
    return dict(
        type='PanopticEncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[90.0] * 3,
            std=[60.0] * 3,
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size=(24, 32),
        ),
        backbone=tiny_mit(),
        decode_head=tiny_segformer_head(
            dropout_ratio=0.0,
            num_classes=classes,
            loss_decode=dict(type='CrossEntropyLoss'),
        ),
        instance_head=instance_head,
        things=list(things),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
