# Row 1 of Table IV of PHFA: the source alone.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/gta2cityscapes_few.py',
    '../_base_/schedules/sgd_200k_phfa.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(type='SourceOnly')
