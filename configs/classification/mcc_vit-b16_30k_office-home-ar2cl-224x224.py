_base_ = [
    '../_base_/models/classifier_vit-b16.py',
    '../_base_/datasets/office-home_ar2cl.py',
    '../_base_/schedules/sgd_30k_inverse.py',
    '../_base_/uda/classifier_mcc.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
model.mcc.temperature = 2.0
model.segmentor = dict(decode_head=dict(num_classes=65))
