# EfficientNet-Lite2 with a small head of DAFormer, without its context.
_base_ = ['./lite0_daformer_conv1.py', './lite2.py']
model = dict(
    segmentor=dict(
        backbone=_base_.pop('lite2'),
        decode_head=dict(in_channels=[24, 48, 120, 352]),
    )
)
