_base_ = [
    './cdan_lite0_500_toy-objects-64x64.py',
    '../_base_/balance/logit-adjustment_classifier.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
