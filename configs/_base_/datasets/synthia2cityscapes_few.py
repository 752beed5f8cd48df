# 30 target images, "1 % of Cityscapes" (PHFA); the same in all of its rows.
_base_ = './synthia2cityscapes.py'
train_dataloader = dict(dataset=dict(few_shot=30))
