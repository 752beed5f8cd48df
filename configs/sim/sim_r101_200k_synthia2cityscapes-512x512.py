# SIM on 30 target images (PHFA, Tables II and III).
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia2cityscapes_few.py',
    '../_base_/schedules/sgd_200k_adversarial.py',
    '../_base_/uda/sim.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
