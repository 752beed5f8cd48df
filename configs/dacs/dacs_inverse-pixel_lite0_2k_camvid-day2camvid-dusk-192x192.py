_base_ = [
    './dacs_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/inverse-pixel.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.num_classes = 11
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
custom_hooks[-1].stats_dir = 'data/camvid_day_stats'
