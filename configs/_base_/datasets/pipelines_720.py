# Crops of 720 x 720 of BDD at its own resolution, without margins.
_base_ = './pipelines_1024.py'
crop_size = (720, 720)
source_pipeline = _base_.source_pipeline
source_pipeline[3].crop_size = crop_size
target_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1280, 720)),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackUDAInputs'),
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = (1280, 720)
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
