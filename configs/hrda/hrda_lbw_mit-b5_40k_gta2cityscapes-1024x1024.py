_base_ = ['./hrda_mit-b5_40k_gta2cityscapes-1024x1024.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='LBWLoss', num_classes=19))
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassStatisticsHook'),
    dict(type='ClassWeightsHook', interval=500),
]
