# CamVid, day sequences -> dusk sequence, crops of 192 x 192, with rare class
# sampling. Its statistics are made by
# python tools/dataset_converters/class_stats.py data/camvid/day/labels/train \
#     --num-classes 11 --out-dir data/camvid_day_stats
_base_ = './camvid-day2camvid-dusk.py'
crop_size = (192, 192)
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
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
        rare_class_sampling=dict(
            class_temp=0.01,
            min_pixels=400,
            min_crop_ratio=0.5,
            stats_dir='data/camvid_day_stats',
        ),
    )
)
