# Toy streets, crops of 256 x 256.
_base_ = ['./pipelines_256.py', './pair_toy2toy.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
