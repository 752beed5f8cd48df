_base_ = [
    './mic_hrda_dinov2-b_40k_gta2cityscapes-1024x1024.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
