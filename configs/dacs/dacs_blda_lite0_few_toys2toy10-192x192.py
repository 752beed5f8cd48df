_base_ = [
    './dacs_lite0_few_toys2toy10-192x192.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
