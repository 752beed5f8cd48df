# DAFormer: MiT-B5 with depthwise ASPP fusion of its four stages.
# The checkpoint may be mmseg's or the original one of SegFormer.
_base_ = './encoder_decoder.py'
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    segmentor=dict(
        backbone=dict(
            type='FusedMixVisionTransformer',
            embed_dims=64,
            num_layers=[3, 6, 40, 3],
            num_heads=[1, 2, 5, 8],
            patch_sizes=[7, 3, 3, 3],
            sr_ratios=[8, 4, 2, 1],
            out_indices=(0, 1, 2, 3),
            mlp_ratio=4,
            qkv_bias=True,
            drop_path_rate=0.1,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='https://download.openmmlab.com/mmsegmentation/'
                'v0.5/pretrain/segformer/mit_b5_20220624-658746d9.pth',
            ),
        ),
        decode_head=dict(
            type='DAFormerHead',
            in_channels=[64, 128, 320, 512],
            in_index=[0, 1, 2, 3],
            channels=256,
            dropout_ratio=0.1,
            norm_cfg=norm_cfg,
            decoder_params=dict(
                embed_dims=256,
                embed_cfg=dict(type='mlp'),
                embed_neck_cfg=dict(type='mlp'),
                fusion_cfg=dict(
                    type='aspp',
                    sep=True,
                    dilations=(1, 6, 12, 18),
                    pool=False,
                    act_cfg=dict(type='ReLU'),
                    norm_cfg=norm_cfg,
                ),
            ),
        ),
    )
)
