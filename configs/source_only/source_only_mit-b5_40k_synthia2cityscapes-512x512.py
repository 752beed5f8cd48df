_base_ = [
    '../_base_/models/daformer_mit-b5.py',
    '../_base_/datasets/synthia2cityscapes_supervised.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(type='SourceOnly', alpha=0.99)
