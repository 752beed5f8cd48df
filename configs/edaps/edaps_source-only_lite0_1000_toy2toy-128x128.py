_base_ = [
    '../_base_/models/edaps_lite0.py',
    '../_base_/datasets/toy2toy_128_instances.py',
    '../_base_/schedules/adamw_1000_top_down.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(type='SourceOnly', alpha=0.99)
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
