# Translator of CamVid's day sequences into dusk, minutes on a CPU.
_base_ = [
    '../_base_/models/cyclegan_resnet6-16.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192_uniform.py',
    '../_base_/schedules/adam_300_cyclegan.py',
    '../_base_/default_runtime.py',
]
model = dict(data_preprocessor=dict(size=(192, 192)))
train_dataloader = dict(batch_size=1)
val_dataloader = val_evaluator = test_dataloader = test_evaluator = None
