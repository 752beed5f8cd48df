_base_ = [
    './edaps-bu_lite0_1000_toy2toy-128x128.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
