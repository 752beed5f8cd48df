# https://github.com/xing0047/TPS with VIPER as source: SGD with 10x the rate
# for classifiers and not for the fusion, a decay over 250k iterations, and a
# stop after 40k.
_base_ = './sgd_120k.py'
optim_wrapper = dict(
    optimizer=dict(lr=1e-4),
    paramwise_cfg=dict(
        custom_keys={
            'decode_head.fusion': dict(lr_mult=1.0),
            'auxiliary_head.fusion': dict(lr_mult=1.0),
        }
    ),
)
train_cfg = dict(max_iters=40000, val_interval=4000)
default_hooks = dict(checkpoint=dict(interval=4000))
