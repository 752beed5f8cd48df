_base_ = [
    '../hrda/hrda_mit-b5_40k_gta2cityscapes-1024x1024.py',
    '../_base_/uda/mic.py',
]
model = _base_.pop('uda_model')
