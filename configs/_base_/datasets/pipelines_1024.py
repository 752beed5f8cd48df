# Crops of 1024 x 1024 at the full resolution (HRDA).
_base_ = './pipelines_512.py'
crop_size = (1024, 1024)
source_pipeline = _base_.source_pipeline
source_pipeline[2].scale = (2560, 1440)
source_pipeline[3].crop_size = crop_size
target_pipeline = [
    dict(type='LoadImageFromFile'),
    # bonnet and artifacts of rectification: top, bottom, left, right
    dict(type='PseudoMargins', margins=(30, 240, 30, 30)),
    dict(type='Resize', scale=(2048, 1024)),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackUDAInputs'),
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = (2048, 1024)
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
