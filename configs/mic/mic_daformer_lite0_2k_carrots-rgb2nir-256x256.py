_base_ = [
    '../daformer/daformer_lite0_2k_carrots-rgb2nir-256x256.py',
    '../_base_/uda/mic_lite0.py',
]
model = _base_.pop('uda_model')
