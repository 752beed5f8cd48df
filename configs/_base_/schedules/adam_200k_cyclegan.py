# https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix: Adam at 2e-4, the
# first half of the training at that rate, the second falling to 0.
_base_ = './loop.py'
__adam = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-04, betas=(0.5, 0.999)),
)
__decay = dict(
    type='LinearLR',
    start_factor=1.0,
    end_factor=0.0,
    begin=100000,
    end=200001,  # so that the last iteration trains, too
    by_epoch=False,
)
optim_wrapper = dict(
    constructor='NamedOptimWrapperConstructor',
    generator=__adam,
    discriminator=__adam,
)
param_scheduler = dict(generator=[__decay], discriminator=[__decay])
train_cfg = dict(max_iters=200000, val_interval=200000)
default_hooks = dict(checkpoint=dict(interval=10000))
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TrainingPicturesHook', interval=2000),
]
# pictures show what is learnt; there is no score
val_cfg = None
test_cfg = None
