# As published; mode='normalized' has weights that follow at every crop size.
_base_ = ['./dacs_original_r101_250k_gta2cityscapes-512x512.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss', mode='released'))
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassWeightsHook', interval=500),
]
