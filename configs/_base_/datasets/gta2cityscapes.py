# GTA -> Cityscapes, half the resolution, crops of 512 x 512 (as DAFormer).
_base_ = ['./pipelines_512.py', './pair_gta2cityscapes.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
