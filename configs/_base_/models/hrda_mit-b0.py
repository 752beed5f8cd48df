# The smallest MiT at two resolutions.
_base_ = ['./hrda_mit-b5.py', './mit-b0.py']
model = dict(
    segmentor=dict(
        backbone=_base_.pop('mit_b0'),
        decode_head=dict(
            head=dict(in_channels=[32, 64, 160, 256]),
            attention=dict(in_channels=[32, 64, 160, 256]),
        ),
    )
)
