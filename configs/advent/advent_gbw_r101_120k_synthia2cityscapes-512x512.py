_base_ = './advent_r101_120k_synthia2cityscapes-512x512.py'
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss')),
        auxiliary_head=dict(loss_decode=dict(type='GBWLoss')),
    )
)
