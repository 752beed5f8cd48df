# As published; mode='normalized' has weights that follow at every crop size.
_base_ = ['./adaptsegnet_r101_150k_gta2cityscapes-512x512.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
        auxiliary_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='ClassWeightsHook', interval=500),
]
