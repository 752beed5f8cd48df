# Tries of a few minutes, of a small network on a CPU, at a rate of which
# held-out source images say that it learns all classes but one in 500
# iterations of toy streets (docs/benchmarks.md). CamVid has adamw_2k.py.
_base_ = './adamw_500.py'
optim_wrapper = dict(optimizer=dict(lr=1e-03))
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 300
train_cfg = dict(max_iters=300, val_interval=300)
default_hooks = dict(checkpoint=dict(interval=300))
