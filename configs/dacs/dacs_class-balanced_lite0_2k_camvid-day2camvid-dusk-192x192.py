# Effective number of images: 1 - 0.999^n, of 406 images in all.
_base_ = [
    './dacs_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/class-balanced.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.num_classes = 11
model.segmentor.decode_head.loss_decode.beta = 0.999
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
custom_hooks[-1].stats_dir = 'data/camvid_day_stats'
