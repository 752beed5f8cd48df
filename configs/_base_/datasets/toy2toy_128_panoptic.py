# Toy streets with segments, at half their size: crops of 128 x 128, rare class
# sampling.
_base_ = ['./pipelines_128.py', './pair_toy2toy_panoptic.py']
source_pipeline = _base_.source_pipeline
source_pipeline[1].type = 'LoadPanopticAnnotations'
source_pipeline[-1].type = 'PackPanopticInputs'
# of a bottom-up branch; instances=True, centers=False: of a top-down one.
# sigma is 8 in EDAPS, for crops four times as large
source_pipeline.insert(
    -1, dict(type='PanopticTargets', instances=False, centers=True, sigma=4)
)
test_pipeline = _base_.test_pipeline
test_pipeline[2].type = 'LoadPanopticAnnotations'
test_pipeline[-1].type = 'PackPanopticInputs'
__pair = _base_.pop('pair_train')
__pair.source.pipeline = source_pipeline
train_dataloader = dict(
    dataset=dict(
        __pair,
        rare_class_sampling=dict(
            class_temp=0.01, min_pixels=200, min_crop_ratio=0.25
        ),
    )
)
val_dataloader = dict(
    dataset=dict(_base_.pop('pair_val'), pipeline=test_pipeline)
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='BalancedIoUMetric'),
    dict(type='PanopticQualityMetric'),
]
test_evaluator = val_evaluator
