_base_ = ['./cdac_mit-tiny_300_toy2toy-192x192.py']
model = dict(
    density_estimation=dict(loss_weight=0.2),
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(type='BLDALoss', num_classes=19, tau=0.1)
        )
    ),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
]
