# SYNTHIA -> Cityscapes as https://github.com/vikolss/DACS loads it.
_base_ = ['./gta2cityscapes_dacs.py', './pair_synthia2cityscapes.py']
source_pipeline = _base_.source_pipeline
source_pipeline[2].scale = (1280, 760)
train_dataloader = dict(
    dataset=dict(
        source=dict(_base_.pop('pair_source'), pipeline=source_pipeline)
    )
)
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
