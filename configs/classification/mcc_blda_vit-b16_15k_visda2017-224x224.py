_base_ = [
    './mcc_vit-b16_15k_visda2017-224x224.py',
    '../_base_/balance/blda_classifier.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
