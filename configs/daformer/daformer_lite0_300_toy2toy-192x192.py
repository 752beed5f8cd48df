_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/toy2toy_192.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DAFormer',
    alpha=0.99,  # 0.999 would average over all of the 300 iterations
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
)
