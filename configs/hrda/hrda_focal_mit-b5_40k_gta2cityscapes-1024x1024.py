_base_ = [
    './hrda_mit-b5_40k_gta2cityscapes-1024x1024.py',
    '../_base_/balance/focal.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
