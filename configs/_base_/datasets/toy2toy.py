# Toy streets, crops of 256 x 256.
_base_ = ['./pipelines_256.py', './pair_toy2toy.py']
train_dataloader = dict(dataset=_base_.pop('train_pair'))
val_dataloader = dict(dataset=_base_.pop('val_set'))
test_dataloader = val_dataloader
