# SYNTHIA -> Cityscapes with segments, as EDAPS: crops of 512 x 512, rare class
# sampling.
_base_ = [
    './pipelines_512_panoptic.py',
    './pair_synthia2cityscapes_panoptic.py',
    '../balance/rcs.py',
]
train_dataloader = dict(
    dataset=dict(
        source=_base_.pop('pair_source'),
        target=_base_.pop('pair_target'),
        rare_class_sampling=_base_.pop('balance_sampling'),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
val_evaluator.type = 'BalancedIoUMetric'
val_evaluator = [
    val_evaluator,
    dict(
        type='PanopticQualityMetric',
        headline=val_evaluator.headline,
        subsets=val_evaluator.subsets,
    ),
]
test_evaluator = val_evaluator
