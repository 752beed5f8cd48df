_base_ = [
    './dacs_lite0_500_toy2toy-128x128.py',
    '../_base_/balance/logit-adjustment.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
