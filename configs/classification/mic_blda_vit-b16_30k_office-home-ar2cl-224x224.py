_base_ = [
    './mic_vit-b16_30k_office-home-ar2cl-224x224.py',
    '../_base_/balance/blda_classifier.py',
]
model = _base_.pop('balance_model')
model.segmentor.decode_head.loss_decode.num_classes = 65
# 24 images have one of 65 classes: it takes 270 batches to have 100 of it
model.segmentor.decode_head.loss_decode.collect_over = 1000
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
