# Toy streets at half their size, crops of 128 x 128.
_base_ = ['./pipelines_128.py', './pair_toy2toy.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
