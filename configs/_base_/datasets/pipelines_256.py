# Crops of 256 x 256 of images at their own size, and the loaders of a pair of
# data sets. A file on top of it says which: type, data_root, data_prefix.
crop_size = (256, 256)
source_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
target_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    # labels stay at their own size, at which predictions are scored
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# whole images of the source, with labels, for `logits fit`; None: how
# source.pipeline loads and resizes them, and the rest as in the test
source_test_pipeline = None
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='ResumableInfiniteSampler', shuffle=True),
    dataset=dict(
        type='UDADataset',
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='BalancedIoUMetric')
test_evaluator = val_evaluator
