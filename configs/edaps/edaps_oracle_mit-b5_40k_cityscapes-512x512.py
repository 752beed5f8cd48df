# Trained with the labels and segments of the target: the upper bound of
# adaptation.
_base_ = [
    '../_base_/models/edaps_mit-b5.py',
    '../_base_/datasets/cityscapes_panoptic.py',
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
val_evaluator = _base_.val_evaluator
val_evaluator[1].void_as_road = True
test_evaluator = val_evaluator
