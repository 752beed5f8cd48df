# 2,000 iterations of a small network. The rate is that of adamw_few_shot.py,
# chosen on CamVid's day sequences alone; the warm-up is as large a part of the
# training as in the papers' 40,000.
_base_ = './adamw_few_shot.py'
param_scheduler = _base_.param_scheduler
param_scheduler[0].end = 75
param_scheduler[1].update(begin=75, end=2000)
train_cfg = dict(max_iters=2000, val_interval=2000)
