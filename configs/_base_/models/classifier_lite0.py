# EfficientNet-Lite0, small enough for a CPU.
_base_ = ['./classifier.py', './lite0.py']
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(64, 64)),
        backbone=dict(_base_.pop('lite0'), out_indices=(4,)),
        decode_head=dict(in_channels=320, pool=True),
    )
)
