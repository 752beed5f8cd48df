# GTA -> Cityscapes, crops of 1024 x 1024 at the full resolution (HRDA).
_base_ = './gta2cityscapes.py'
crop_size = (1024, 1024)
source_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='Resize', scale=(2560, 1440), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
target_pipeline = [
    dict(type='LoadImageFromFile'),
    # bonnet and artifacts of rectification: top, bottom, left, right
    dict(type='PseudoMargins', margins=(30, 240, 30, 30)),
    dict(type='Resize', scale=(2048, 1024)),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackUDAInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 1024)),
    # labels stay at their own size, at which predictions are scored
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
        # a crop shows four times the pixels of one of 512 x 512
        rare_class_sampling=dict(
            class_temp=0.01, min_pixels=3000, min_crop_ratio=2.0
        ),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
