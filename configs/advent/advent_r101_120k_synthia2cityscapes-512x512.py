# As in the paper: two levels, BCE. (There one image of 1280 x 720 and one of
# 1024 x 512 an iteration; here crops of both, two each.)
_base_ = [
    '../_base_/models/deeplabv2_r101_multi-level_advent.py',
    '../_base_/datasets/synthia2cityscapes.py',
    '../_base_/schedules/sgd_120k_adversarial.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(type='AdvEnt')
