_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/toys2toy_192_few.py',
    '../_base_/schedules/adamw_few_shot_adversarial.py',
    '../_base_/uda/sim_lite0.py',
    '../_base_/default_runtime.py',
]
model = dict(_base_.pop('uda_model'))
