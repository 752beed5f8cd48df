_base_ = [
    './dacs_lite0_300_toy2toy-256x256.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
_deprecation_ = dict(expected='dacs/dacs_blda_lite0_500_toy2toy-128x128.py')
