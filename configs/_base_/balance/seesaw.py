# Seesaw loss.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='SeesawLoss', num_classes=19))
    )
)
balance_hooks = [dict(type='ClassStatisticsHook')]
