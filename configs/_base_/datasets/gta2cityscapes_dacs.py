# GTA -> Cityscapes as https://github.com/vikolss/DACS loads it.
_base_ = ['./pipelines_dacs.py', './pair_gta2cityscapes.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
