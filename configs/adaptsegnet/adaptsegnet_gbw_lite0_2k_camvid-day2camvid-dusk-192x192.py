_base_ = [
    './adaptsegnet_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/gbw_lite0.py',
]
model = _base_.pop('balance_model')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
