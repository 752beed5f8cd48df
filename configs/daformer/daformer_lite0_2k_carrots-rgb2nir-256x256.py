_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/carrots-rgb2nir_256.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DAFormer',
    alpha='auto',
    # crop, weed
    feature_distance=dict(classes=[1, 2]),
    segmentor=dict(
        data_preprocessor=dict(size=(256, 256)),
        decode_head=dict(num_classes=3),
    ),
)
