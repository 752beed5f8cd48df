_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192_uniform.py',
    '../_base_/schedules/adamw_few_shot_adversarial.py',
    '../_base_/uda/phfa_lite0.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    feature_alignment=None,
    max_square=None,
    segmentor=dict(decode_head=dict(num_classes=11)),
)
