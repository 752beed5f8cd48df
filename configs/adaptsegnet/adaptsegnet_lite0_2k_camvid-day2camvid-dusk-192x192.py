_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192_uniform.py',
    '../_base_/schedules/adamw_2k_adversarial.py',
    '../_base_/uda/no_teacher.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='AdaptSegNet',
    adversarial=dict(loss_type='ls'),
    segmentor=dict(decode_head=dict(num_classes=11)),
)
