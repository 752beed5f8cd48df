_base_ = [
    '../_base_/models/lite0_segformer.py',
    '../_base_/datasets/camvid-day2camvid-dusk.py',
    '../_base_/schedules/adamw_500.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(
    type='SourceOnly',
    alpha=0.99,
    segmentor=dict(decode_head=dict(num_classes=11)),
)
