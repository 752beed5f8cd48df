_base_ = [
    './adaptsegnet_r101_150k_synthia2cityscapes-512x512.py',
    '../_base_/balance/gbw_multi-level.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
