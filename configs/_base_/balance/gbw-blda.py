# GBW, normalized, as the criterion inside BLDA.
_base_ = './blda.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(criterion=dict(type='GBWLoss')))
    )
)
balance_hooks = [
    *_base_.balance_hooks,
    dict(type='ClassWeightsHook', interval=500),
]
