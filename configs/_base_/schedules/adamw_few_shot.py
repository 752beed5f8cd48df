# Runs on few target images, of a small network on a CPU. All of these configs
# take their numbers from here. Chosen on CamVid's day sequences alone, a model
# of the source validated on the source: after 500 iterations a class is still
# never predicted (docs/benchmarks.md).
_base_ = './adamw_500.py'
optim_wrapper = dict(optimizer=dict(lr=1e-03))
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 1000
train_cfg = dict(max_iters=1000, val_interval=1000)
