_base_ = [
    '../adaptsegnet/adaptsegnet_r101_40k_synthia2cityscapes-512x512.py',
    '../_base_/uda/mic_with_teacher.py',
]
model = _base_.pop('uda_model')
custom_hooks = _base_.custom_hooks + _base_.pop('uda_hooks')
