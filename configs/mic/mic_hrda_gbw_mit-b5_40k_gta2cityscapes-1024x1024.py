# As published; mode='normalized' has weights that follow at every crop size.
_base_ = ['./mic_hrda_mit-b5_40k_gta2cityscapes-1024x1024.py']
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
