_base_ = [
    '../_base_/models/hrda_mit-b0.py',
    '../_base_/datasets/gta2cityscapes_1024.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='HRDA',
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
)
