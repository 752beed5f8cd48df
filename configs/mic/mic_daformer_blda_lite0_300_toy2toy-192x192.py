_base_ = [
    '../daformer/daformer_blda_lite0_300_toy2toy-192x192.py',
    '../_base_/uda/mic_lite0.py',
]
model = _base_.pop('uda_model')
