_base_ = ['./dacs_lite0_300_camvid-day2camvid-dusk-192x192.py']
model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='BLVLoss', num_classes=11))
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassStatisticsHook', stats_dir='data/camvid_day_stats'),
]
