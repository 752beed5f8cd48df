_base_ = [
    './mic_daformer_dinov2-l-lora_40k_gta2cityscapes-512x512.py',
    '../_base_/balance/blda.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
