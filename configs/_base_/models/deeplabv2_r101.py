# DeepLabV2 with ResNet-101, the CNN of the papers' tables.
_base_ = './encoder_decoder.py'
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    segmentor=dict(
        backbone=dict(
            type='ResNetV1c',
            depth=101,
            num_stages=4,
            out_indices=(0, 1, 2, 3),
            dilations=(1, 1, 2, 4),
            strides=(1, 2, 1, 1),
            norm_cfg=norm_cfg,
            norm_eval=False,
            style='pytorch',
            contract_dilation=True,
            init_cfg=dict(
                type='Pretrained', checkpoint='open-mmlab://resnet101_v1c'
            ),
        ),
        decode_head=dict(
            type='DLV2Head',
            in_channels=2048,
            in_index=3,
            # of the four of DeepLabV2 the public DACS and DAFormer(C) have two
            dilations=(6, 12),
        ),
    )
)
