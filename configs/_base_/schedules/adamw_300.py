# Tries of a few minutes on a CPU, of EfficientNet-Lite0: of this rate held-out
# source images say that all classes but one are learnt in 500 iterations of
# toy streets (docs/benchmarks.md). CamVid has adamw_2k.py for it.
_base_ = './adamw_500.py'
optim_wrapper = dict(optimizer=dict(lr=1e-03))
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 300
train_cfg = dict(max_iters=300, val_interval=300)
default_hooks = dict(checkpoint=dict(interval=300))
