_base_ = ['./dacs_lite0_300_camvid-day2camvid-dusk-192x192.py']
model = dict(
    density_estimation=dict(loss_weight=0.2),
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='BLDALoss',
                num_classes=11,
                tau=0.1,
                criterion=dict(type='GBWLoss'),
            )
        )
    ),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
    dict(type='ClassWeightsHook', interval=10),
]
