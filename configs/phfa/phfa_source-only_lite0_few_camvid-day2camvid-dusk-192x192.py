_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192_uniform.py',
    '../_base_/schedules/adamw_few_shot.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='SourceOnly',
    segmentor=dict(decode_head=dict(num_classes=11)),
)
