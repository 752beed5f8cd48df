# Short runs of a small network on a CPU: the curve of 30,000 iterations in
# 1000.
_base_ = './sgd_30k_inverse.py'
param_scheduler = [
    dict(type='InverseLR', gamma=0.03, power=0.75, by_epoch=False)
]
train_cfg = dict(max_iters=1000, val_interval=1000)
