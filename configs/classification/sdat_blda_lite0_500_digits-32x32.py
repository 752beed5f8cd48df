_base_ = [
    './sdat_lite0_500_digits-32x32.py',
    '../_base_/balance/blda_classifier_short.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.num_classes = 10
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
