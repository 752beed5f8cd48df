# Short runs of a small network on a CPU: the curve of 30,000 iterations in
# 500. The rate was chosen on source images alone (docs/benchmarks.md).
_base_ = './sgd_30k_inverse.py'
optim_wrapper = dict(optimizer=dict(lr=0.03))
param_scheduler = [
    dict(type='InverseLR', gamma=0.06, power=0.75, by_epoch=False)
]
train_cfg = dict(max_iters=500, val_interval=500)
