# Logits adjusted by the log of each class's share of the source's pixels.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='LogitAdjustmentLoss', num_classes=19, tau=1.0
            )
        )
    )
)
balance_hooks = [dict(type='ClassStatisticsHook')]
