_base_ = [
    './edaps_mit-b5_40k_synthia2cityscapes-512x512.py',
    '../_base_/balance/gbw-roi.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
