# LBW: weights that are learnt, of classes counted in the source.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='LBWLoss', num_classes=19))
    )
)
balance_hooks = [
    dict(type='ClassStatisticsHook'),
    dict(type='ClassWeightsHook', interval=500),
]
