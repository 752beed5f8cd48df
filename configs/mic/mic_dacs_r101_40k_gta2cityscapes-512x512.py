_base_ = [
    '../dacs/dacs_r101_40k_gta2cityscapes-512x512.py',
    '../_base_/uda/mic_512.py',
]
model = _base_.pop('uda_model')
