# Weights by the effective number of images, 1 - beta^n, of each class.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(
                type='ClassBalancedLoss', num_classes=19, beta=0.9999
            )
        )
    )
)
balance_hooks = [dict(type='ClassStatisticsHook')]
