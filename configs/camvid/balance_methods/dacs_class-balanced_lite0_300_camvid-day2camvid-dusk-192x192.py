# Effective number of images: 1 - 0.999^n, of 406 images in all.
_base_ = ['./dacs_lite0_300_camvid-day2camvid-dusk-192x192.py']
model = dict(
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='ClassBalancedLoss',
                num_classes=11,
                beta=0.999,
            )
        )
    )
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='ClassStatisticsHook', stats_dir='data/camvid_day_stats'),
]
