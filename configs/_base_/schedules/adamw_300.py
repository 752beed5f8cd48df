_base_ = './adamw_500.py'
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 300
train_cfg = dict(max_iters=300, val_interval=300)
default_hooks = dict(checkpoint=dict(interval=300))
