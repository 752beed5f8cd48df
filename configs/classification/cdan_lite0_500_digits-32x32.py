_base_ = [
    '../_base_/models/classifier_lite0.py',
    '../_base_/datasets/digits.py',
    '../_base_/schedules/sgd_500_inverse.py',
    '../_base_/uda/classifier_cdan_short.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
model.segmentor = dict(
    data_preprocessor=dict(size=(32, 32)), decode_head=dict(num_classes=10)
)
