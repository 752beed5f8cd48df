_base_ = [
    '../_base_/models/classifier_r101.py',
    '../_base_/datasets/visda2017.py',
    '../_base_/schedules/sgd_30k_inverse.py',
    '../_base_/uda/classifier_mcc.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
