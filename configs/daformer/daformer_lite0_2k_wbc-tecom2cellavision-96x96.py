_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/wbc-tecom2cellavision_96.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DAFormer',
    alpha='auto',
    # cytoplasm, nucleus
    feature_distance=dict(classes=[1, 2]),
    segmentor=dict(
        data_preprocessor=dict(size=(96, 96)),
        decode_head=dict(num_classes=3),
    ),
)
