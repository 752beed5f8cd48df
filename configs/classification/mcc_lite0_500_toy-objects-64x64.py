_base_ = [
    '../_base_/models/classifier_lite0.py',
    '../_base_/datasets/toy-objects.py',
    '../_base_/schedules/sgd_500_inverse.py',
    '../_base_/uda/classifier_mcc.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
