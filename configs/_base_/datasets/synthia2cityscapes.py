# SYNTHIA -> Cityscapes; heads have 19 outputs, three without source pixels.
_base_ = './gta2cityscapes.py'
crop_size = (512, 512)
source_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='Resize', scale=(1280, 760), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    dataset=dict(
        source=dict(
            type='SYNTHIADataset',
            data_root='data/synthia',
            data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
            pipeline=source_pipeline,
        )
    )
)
val_evaluator = dict(
    # mIoU and its like, and both groups, are of the classes of the source
    headline='synthia16',
    # classes that SYNTHIA has; the 13 leave wall, fence and pole out
    subsets=dict(
        synthia16=[
            'road',
            'sidewalk',
            'building',
            'wall',
            'fence',
            'pole',
            'traffic light',
            'traffic sign',
            'vegetation',
            'sky',
            'person',
            'rider',
            'car',
            'bus',
            'motorcycle',
            'bicycle',
        ],
        synthia13=[
            'road',
            'sidewalk',
            'building',
            'traffic light',
            'traffic sign',
            'vegetation',
            'sky',
            'person',
            'rider',
            'car',
            'bus',
            'motorcycle',
            'bicycle',
        ],
    ),
)
test_evaluator = val_evaluator
