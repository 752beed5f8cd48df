_base_ = [
    './maxsquare_r101_120k_gta2cityscapes-512x512.py',
    '../_base_/balance/gbw.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
