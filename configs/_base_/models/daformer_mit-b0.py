# The smallest MiT, with the head of DAFormer.
_base_ = ['./daformer_mit-b5.py', './mit-b0.py']
model = dict(
    segmentor=dict(
        backbone=_base_.pop('mit_b0'),
        decode_head=dict(in_channels=[32, 64, 160, 256]),
    )
)
