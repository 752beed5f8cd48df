# Training on the source alone, whose colours are distorted. (In adaptation
# the method does so with the mixed images.)
_base_ = './synthia2cityscapes.py'
source_pipeline = _base_.source_pipeline
source_pipeline.insert(-1, dict(type='PhotoMetricDistortion'))
train_dataloader = dict(dataset=dict(source=dict(pipeline=source_pipeline)))
