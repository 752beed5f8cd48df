# Digits of pens, scikit-learn's -> MNIST's: folders of classes that
# python tools/benchmarks/digit_folders.py data/digits writes. 32 x 32.
_base_ = './loaders_objects.py'
__root = 'data/digits'
load = dict(type='LoadImageFromFile')
# a mirrored digit is another one, or none
crop = dict(
    type='RandomResizedCrop',
    scale=32,
    crop_ratio_range=(0.7, 1.0),
    aspect_ratio_range=(0.9, 1.1),
)
label = dict(type='LoadClassLabel')
pack = dict(type='PackUDAInputs')
source_pipeline = [load, crop, label, pack]
target_pipeline = [load, crop, pack]
test_pipeline = [
    load,
    dict(
        type='Resize',
        scale=(32, 32),
        keep_ratio=False,
        interpolation='bilinear',
        backend='pillow',
    ),
    label,
    pack,
]
train_dataloader = dict(
    dataset=dict(
        source=dict(
            type='ClassFolderDataset',
            data_root=__root,
            data_prefix=dict(img_path='sklearn/train'),
            pipeline=source_pipeline,
        ),
        target=dict(
            type='ClassFolderDataset',
            data_root=__root,
            data_prefix=dict(img_path='mnist/train'),
            pipeline=target_pipeline,
        ),
    )
)
val_dataloader = dict(
    dataset=dict(
        type='ClassFolderDataset',
        data_root=__root,
        data_prefix=dict(img_path='mnist/val'),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader
