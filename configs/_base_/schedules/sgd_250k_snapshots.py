# A snapshot every 5000 iterations, and the best of them.
_base_ = './sgd_250k.py'
train_cfg = dict(val_interval=5000)
default_hooks = dict(
    checkpoint=dict(interval=5000, save_best='mIoU', rule='greater')
)
