# BLDA: logits aligned online (tau), and density estimation (lambda).
balance_model = dict(
    density_estimation=dict(loss_weight=0.2),
    segmentor=dict(
        decode_head=dict(
            loss_decode=dict(type='BLDALoss', num_classes=19, tau=0.1)
        )
    ),
)
balance_hooks = [dict(type='GMMUpdateHook')]
