_base_ = [
    './sdat_r101_30k_visda2017-224x224.py',
    '../_base_/balance/logit-adjustment_classifier.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
