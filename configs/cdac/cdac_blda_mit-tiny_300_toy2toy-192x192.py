_base_ = [
    './cdac_mit-tiny_300_toy2toy-192x192.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
