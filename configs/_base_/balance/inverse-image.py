# Weights inverse to the number of source images that show a class.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='InverseFrequencyLoss', num_classes=19, unit='images'
            )
        )
    )
)
balance_hooks = [dict(type='ClassStatisticsHook')]
