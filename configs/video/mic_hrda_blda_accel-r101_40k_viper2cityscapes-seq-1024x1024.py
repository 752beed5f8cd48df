_base_ = [
    './mic_hrda_accel-r101_40k_viper2cityscapes-seq-1024x1024.py',
    '../_base_/balance/blda_viper.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
