_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/toys2toy_192_few.py',
    '../_base_/schedules/adamw_few_shot.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(type='DACS', alpha=0.99)
