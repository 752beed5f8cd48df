# One level. The paper goes on from a model of the source alone: for that add
# --cfg-options load_from=<checkpoint of source_only_r101_...>. Its schedule is
# some 30k iterations of one image; this is that of AdvEnt and MinEnt.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia2cityscapes.py',
    '../_base_/schedules/sgd_120k.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(type='MaxSquare')
