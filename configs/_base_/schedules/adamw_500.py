# Short runs of a small network on a CPU.
_base_ = './adamw_40k.py'
optim_wrapper = dict(optimizer=dict(lr=2e-04))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=50),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        begin=50,
        end=500,
        by_epoch=False,
    ),
]
train_cfg = dict(max_iters=500, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500))
