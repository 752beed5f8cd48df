_base_ = [
    './dacs_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/gbw-blda.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.update(
    num_classes=11, warmup='auto', min_samples='auto'
)
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
custom_hooks[-1].interval = 10
