_base_ = ['./daformer_uniform_mit-b5_40k_gta2cityscapes-512x512.py']
model = dict(
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='LogitAdjustmentLoss', num_classes=19, tau=1.0
            )
        )
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassStatisticsHook'),
]
