_base_ = [
    './minent_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/balance/gbw_lite0.py',
]
model = _base_.pop('balance_model')
# the channel of each class in the entropy is weighted, too (normalized)
model.entropy = dict(class_weighting=dict(class_loss='channel'))
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
