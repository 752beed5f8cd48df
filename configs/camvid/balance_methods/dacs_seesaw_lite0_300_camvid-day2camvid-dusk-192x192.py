_base_ = ['./dacs_lite0_300_camvid-day2camvid-dusk-192x192.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='SeesawLoss', num_classes=11))
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassStatisticsHook'),
]
