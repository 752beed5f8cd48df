# The smallest MiT at two resolutions.
_base_ = './hrda_mit-b5.py'
model = dict(
    segmentor=dict(
        backbone=dict(
            embed_dims=32,
            num_layers=[2, 2, 2, 2],
            init_cfg=dict(
                checkpoint='https://download.openmmlab.com/mmsegmentation/'
                'v0.5/pretrain/segformer/mit_b0_20220624-7e0fe6dd.pth'
            ),
        ),
        decode_head=dict(
            head=dict(in_channels=[32, 64, 160, 256]),
            attention=dict(in_channels=[32, 64, 160, 256]),
        ),
    )
)
