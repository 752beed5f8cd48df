# HRDA with the same.
_base_ = './hrda_mit-b5.py'
_base_.model.segmentor.pop('backbone')
model = dict(
    segmentor=dict(
        decode_head=dict(
            head=dict(in_channels=[256] * 4),
            attention=dict(in_channels=[256] * 4),
        ),
    )
)
