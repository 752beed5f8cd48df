_base_ = './adam_200k_cyclegan.py'
param_scheduler = dict(
    generator=[dict(_base_.param_scheduler.generator[0], begin=150, end=301)],
    discriminator=[
        dict(_base_.param_scheduler.discriminator[0], begin=150, end=301)
    ],
)
train_cfg = dict(max_iters=300, val_interval=300)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TrainingPicturesHook', interval=100),
]
default_hooks = dict(checkpoint=dict(interval=300))
