# BLDA, Sec. 4.1: AdamW, 10x the rate for the decoder, linear warm-up. (The
# momentum of the teacher, 0.999 there, is 0.99 for DACS as in its own paper.)
_base_ = './loop.py'
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(
        type='AdamW', lr=6e-05, betas=(0.9, 0.999), weight_decay=0.01
    ),
    paramwise_cfg=dict(
        custom_keys=dict(
            decode_head=dict(lr_mult=10.0), density=dict(lr_mult=10.0)
        )
    ),
)
# Both factors count from the first iteration and are multiplied, as mmcv's
# warm-up did. A scheduler ends one iteration before `end`.
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=1501
    ),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        begin=0,
        end=40001,
        by_epoch=False,
    ),
]
train_cfg = dict(max_iters=40000, val_interval=4000)
default_hooks = dict(checkpoint=dict(interval=4000))
