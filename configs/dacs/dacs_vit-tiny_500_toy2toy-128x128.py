_base_ = [
    '../_base_/models/vit-tiny_daformer.py',
    '../_base_/datasets/toy2toy_128.py',
    '../_base_/schedules/adamw_500.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DACS',
    alpha=0.99,
    segmentor=dict(data_preprocessor=dict(size=(128, 128))),
)
