# EfficientNet-Lite0 with the head of SegFormer, for a CPU.
_base_ = ['./encoder_decoder.py', './lite0.py']
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(256, 256)),
        backbone=_base_.pop('lite0'),
        decode_head=dict(
            type='SegformerHead',
            in_channels=[24, 40, 112, 320],
            in_index=[0, 1, 2, 3],
            channels=128,
            dropout_ratio=0.1,
            norm_cfg=dict(type='BN', requires_grad=True),
        ),
    )
)
