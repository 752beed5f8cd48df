_base_ = [
    './dacs_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/focal.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.focal_gamma = 2.0
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
