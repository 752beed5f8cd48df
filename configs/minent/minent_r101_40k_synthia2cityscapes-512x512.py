# As in https://github.com/lhoyer/MIC: one level.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia2cityscapes.py',
    '../_base_/schedules/sgd_40k.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(type='MinEnt')
