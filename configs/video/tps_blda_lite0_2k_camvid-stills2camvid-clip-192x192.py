_base_ = [
    './tps_lite0_2k_camvid-stills2camvid-clip-192x192.py',
    '../_base_/balance/blda_auto.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.num_classes = 11
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
