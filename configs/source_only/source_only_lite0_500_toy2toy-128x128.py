_base_ = [
    '../_base_/models/lite0_segformer.py',
    '../_base_/datasets/toy2toy_128.py',
    '../_base_/schedules/adamw_500_toy.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(
    type='SourceOnly',
    alpha=0.99,
    segmentor=dict(data_preprocessor=dict(size=(128, 128))),
)
