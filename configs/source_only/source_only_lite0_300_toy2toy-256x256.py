_base_ = [
    '../_base_/models/lite0_segformer.py',
    '../_base_/datasets/toy2toy.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(type='SourceOnly', alpha=0.99)
_deprecation_ = dict(
    expected='source_only/source_only_lite0_500_toy2toy-128x128.py'
)
