_base_ = ['./minent_lite0_300_camvid-day2camvid-dusk-192x192.py']
model = dict(
    # the channel of each class in the entropy is weighted, too (normalized)
    entropy=dict(class_weighting=dict(class_loss='channel')),
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss')),
    ),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='ClassWeightsHook', interval=10),
]
