_base_ = [
    './cdan_r101_30k_visda2017-224x224.py',
    '../_base_/balance/gbw_normalized.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
