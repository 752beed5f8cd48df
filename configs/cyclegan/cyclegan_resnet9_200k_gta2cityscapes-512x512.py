# Translator of GTA images into the style of Cityscapes.
_base_ = [
    '../_base_/models/cyclegan_resnet9.py',
    '../_base_/datasets/gta2cityscapes.py',
    '../_base_/schedules/adam_200k_cyclegan.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=1)
val_dataloader = val_evaluator = test_dataloader = test_evaluator = None
