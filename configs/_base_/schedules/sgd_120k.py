# https://github.com/valeoai/ADVENT: SGD with 10x the rate for classifiers, a
# decay over 250k iterations, and a stop long before.
_base_ = './sgd_250k.py'
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            decode_head=dict(lr_mult=10.0), auxiliary_head=dict(lr_mult=10.0)
        )
    )
)
train_cfg = dict(max_iters=120000, val_interval=10000)
default_hooks = dict(checkpoint=dict(interval=10000))
