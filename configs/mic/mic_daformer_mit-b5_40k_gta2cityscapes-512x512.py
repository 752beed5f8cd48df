_base_ = [
    '../daformer/daformer_mit-b5_40k_gta2cityscapes-512x512.py',
    '../_base_/uda/mic_512.py',
]
model = _base_.pop('uda_model')
