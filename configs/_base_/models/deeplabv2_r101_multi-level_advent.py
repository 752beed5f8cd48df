# The two classifiers of https://github.com/valeoai/ADVENT.
_base_ = './deeplabv2_r101_multi-level.py'
dilations = (6, 12, 18, 24)
model = dict(
    segmentor=dict(
        decode_head=dict(dilations=dilations),
        auxiliary_head=dict(dilations=dilations),
    )
)
