_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid2iddlite_192.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DAFormer',
    alpha='auto',
    # living things, vehicles
    feature_distance=dict(classes=[2, 3]),
    segmentor=dict(decode_head=dict(num_classes=7)),
)
