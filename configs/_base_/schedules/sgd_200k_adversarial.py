# sgd_200k.py, and Adam for the discriminators.
_base_ = './sgd_120k_adversarial.py'
train_cfg = dict(max_iters=200000, val_interval=20000)
default_hooks = dict(checkpoint=dict(interval=20000))
