# Cross entropy as published. No public code weighs the entropy: its class
# losses are the paper's (class_loss='predicted': entropies of the pixels that
# are predicted as a class), its gradients normalized, as lambda would change
# nothing at this size otherwise (mode='paper').
_base_ = ['./minent_r101_120k_gta2cityscapes-512x512.py']
model = dict(
    entropy=dict(class_weighting=dict(class_loss='channel')),
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
        auxiliary_head=dict(loss_decode=dict(type='GBWLoss', mode='released')),
    ),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='ClassWeightsHook', interval=500),
]
