# DACS (WACV 2021): SGD, poly 0.9, 250k iterations (BLDA, Table 13). A
# scheduler ends one iteration before `end`.
_base_ = './loop.py'
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=2.5e-04, momentum=0.9, weight_decay=0.0005),
    paramwise_cfg=dict(
        custom_keys=dict(
            decode_head=dict(lr_mult=10.0), density=dict(lr_mult=10.0)
        )
    ),
)
param_scheduler = [
    dict(
        type='PolyLR',
        power=0.9,
        eta_min=0.0,
        begin=0,
        end=250001,
        by_epoch=False,
    ),
]
train_cfg = dict(max_iters=250000, val_interval=25000)
default_hooks = dict(checkpoint=dict(interval=25000))
