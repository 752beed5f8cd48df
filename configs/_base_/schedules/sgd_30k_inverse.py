# https://github.com/lhoyer/MIC (cls/) and the Transfer-Learning-Library: SGD
# with Nesterov's momentum, a tenth of the rate for the pretrained backbone,
# and rates that fall as (1 + 0.001 i)^-0.75. An epoch there is 1000
# iterations, whatever the size of the data sets.
_base_ = './loop.py'
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(
        type='SGD', lr=0.002, momentum=0.9, nesterov=True, weight_decay=0.001
    ),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
param_scheduler = [
    dict(type='InverseLR', gamma=0.001, power=0.75, by_epoch=False)
]
train_cfg = dict(max_iters=30000, val_interval=1000)
default_hooks = dict(checkpoint=dict(interval=1000))
