_base_ = [
    './mic_hrda_refined_lite0_300_toy-viper2toy-seq-192x192.py',
    '../_base_/balance/blda_viper.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
