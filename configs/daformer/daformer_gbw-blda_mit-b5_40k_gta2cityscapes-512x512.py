# GBW, normalized, as the criterion inside BLDA.
_base_ = ['./daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(criterion=dict(type='GBWLoss')))
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
    dict(type='ClassWeightsHook', interval=500),
]
