# https://github.com/SHI-Labs/Unsupervised-Domain-Adaptation-with-Differential-
# Treatment (SIM): a decay over 250k iterations, and a stop before.
_base_ = './sgd_120k.py'
train_cfg = dict(max_iters=200000, val_interval=20000)
default_hooks = dict(checkpoint=dict(interval=20000))
