_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192_uniform.py',
    '../_base_/schedules/adamw_few_shot_adversarial.py',
    '../_base_/uda/phfa_lite0.py',
    '../_base_/styles/fourier.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    segmentor=dict(decode_head=dict(num_classes=11)),
)
# sky, building, road, sidewalk, tree, fence; pole, sign, car, pedestrian,
# bicyclist
model['feature_alignment'].update(
    stuff_classes=[0, 1, 3, 4, 5, 7], thing_classes=[2, 6, 8, 9, 10]
)
source_pipeline = _base_.source_pipeline
source_pipeline.insert(-3, _base_.pop('source_style'))
train_dataloader = dict(dataset=dict(source=dict(pipeline=source_pipeline)))
