# SYNTHIA -> Cityscapes, crops of 1024 x 1024 at the full resolution (HRDA).
_base_ = ['./gta2cityscapes_1024.py', './pair_synthia2cityscapes.py']
source_pipeline = _base_.source_pipeline
source_pipeline[2].scale = (2560, 1520)
train_dataloader = dict(
    dataset=dict(
        source=dict(_base_.pop('pair_source'), pipeline=source_pipeline)
    )
)
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
