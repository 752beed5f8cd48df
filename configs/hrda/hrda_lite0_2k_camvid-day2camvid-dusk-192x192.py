# Both heads have DAFormer's context, other than those of the configs that fuse
# by lite0_daformer_conv1.py.
_base_ = [
    '../_base_/models/lite0_hrda.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='HRDA',
    alpha='auto',
    # sign symbol, car, pedestrian, bicyclist
    feature_distance=dict(classes=[6, 8, 9, 10]),
    segmentor=dict(decode_head=dict(num_classes=11)),
)
