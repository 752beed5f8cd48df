# Crops of 512 x 512 as EDAPS takes them: the source at its own size, the
# target at half of it. Segments are packed with the labels.
_base_ = './pipelines_512.py'
crop_size = (512, 512)
source_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadPanopticAnnotations'),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    # of a top-down branch; instances=False, centers=True: of a bottom-up one
    dict(type='PanopticTargets', instances=True, centers=False, sigma=8),
    dict(type='PackPanopticInputs'),
]
# predictions are made at the full size, 2048 x 1024
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadPanopticAnnotations'),
    dict(type='PackPanopticInputs'),
]
train_dataloader = dict(dataset=dict(source=dict(pipeline=source_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
