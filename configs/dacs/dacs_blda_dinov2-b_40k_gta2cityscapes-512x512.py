_base_ = [
    './dacs_dinov2-b_40k_gta2cityscapes-512x512.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
