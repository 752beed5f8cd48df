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
