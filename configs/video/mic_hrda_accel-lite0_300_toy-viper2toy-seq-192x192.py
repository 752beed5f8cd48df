_base_ = [
    './hrda_accel-lite0_300_toy-viper2toy-seq-192x192.py',
    '../_base_/uda/mic_lite0.py',
]
model = _base_.pop('uda_model')
