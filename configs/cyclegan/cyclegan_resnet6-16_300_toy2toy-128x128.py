# Translator of toy streets, minutes on a CPU.
_base_ = [
    '../_base_/models/cyclegan_resnet6-16.py',
    '../_base_/datasets/toy2toy_128.py',
    '../_base_/schedules/adam_300_cyclegan.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=1)
val_dataloader = val_evaluator = test_dataloader = test_evaluator = None
