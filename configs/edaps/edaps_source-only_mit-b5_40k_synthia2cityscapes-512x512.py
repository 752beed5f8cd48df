_base_ = [
    '../_base_/models/edaps_mit-b5.py',
    '../_base_/datasets/synthia2cityscapes_panoptic.py',
    '../_base_/schedules/adamw_40k_panoptic.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(
    type='SourceOnly',
    alpha=0.99,
    segmentor=dict(instance_head=dict(skip_without_instances=True)),
)
# colours are distorted: in adaptation the method does so with mixed images
source_pipeline = _base_.source_pipeline
source_pipeline.insert(-2, dict(type='PhotoMetricDistortion'))
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline), rare_class_sampling=None
    )
)
val_evaluator = _base_.val_evaluator
val_evaluator[1].void_as_road = True
test_evaluator = val_evaluator
