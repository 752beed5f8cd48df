_base_ = [
    './itcr_lite0_300_toy-viper2toy-seq-192x192.py',
    '../_base_/balance/gbw_lite0.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
