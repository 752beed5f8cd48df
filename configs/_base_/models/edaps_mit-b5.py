# EDAPS: DAFormer's network, and Mask R-CNN on the same encoder ("M-Dec-TD").
# Things are the classes person to bicycle. Stuff under a mask is void, and the
# lowest score wins where masks overlap, as in the public code, see
# docs/differences.md.
_base_ = './daformer_mit-b5.py'
model = dict(
    segmentor=dict(
        type='PanopticEncoderDecoder',
        things=[11, 12, 13, 14, 15, 16, 17, 18],
        instance_head=dict(
            type='MaskRCNNHead',
            in_channels=[64, 128, 320, 512],
            fusion=dict(hide_stuff=True, lowest_score_wins=True),
        ),
    )
)
