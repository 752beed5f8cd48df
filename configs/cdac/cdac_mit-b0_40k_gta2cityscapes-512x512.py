_base_ = [
    '../_base_/models/daformer_mit-b0.py',
    '../_base_/datasets/gta2cityscapes_rcs.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='CDAC',
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
    # bonnet and artifacts of rectification
    ignore_top=15,
    ignore_bottom=120,
)
