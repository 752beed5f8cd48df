_base_ = [
    './hrda_accel-r101_40k_viper2cityscapes-seq-1024x1024.py',
    '../_base_/uda/mic.py',
]
model = _base_.pop('uda_model')
