_base_ = [
    './edaps_lite0_1000_toy2toy-128x128.py',
    '../_base_/balance/gbw-roi_lite0.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
