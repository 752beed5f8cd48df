_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/gta2cityscapes.py',
    '../_base_/schedules/sgd_250k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(type='DACS', alpha=0.99)
