# As published; mode='normalized' has weights that follow at every crop size.
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(type='GBWLoss', mode='released'))
    )
)
balance_hooks = [dict(type='ClassWeightsHook', interval=500)]
