# BLV: logits varied by class, the rare ones most.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='BLVLoss', num_classes=19))
    )
)
balance_hooks = [dict(type='ClassStatisticsHook')]
