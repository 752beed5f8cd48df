# As published; mode='normalized' has weights that follow at every crop size.
_base_ = ['./minent_r101_120k_synthia2cityscapes-512x512.py']
model = dict(
    # the entropy of each class is weighted, too (normalized)
    entropy=dict(class_weighting=dict()),
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
        auxiliary_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
    ),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='ClassWeightsHook', interval=500),
]
