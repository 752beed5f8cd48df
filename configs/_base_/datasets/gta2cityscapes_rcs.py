# GTA -> Cityscapes with rare class sampling (DAFormer).
_base_ = ['./gta2cityscapes.py', '../balance/rcs.py']
train_dataloader = dict(
    dataset=dict(rare_class_sampling=_base_.pop('balance_sampling'))
)
