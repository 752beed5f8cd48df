# Toy objects, 64 x 64: renderings -> "photographs" of the 12 classes of
# VisDA-2017, made by mmseg-balance data toy-objects
_base_ = './loaders_objects.py'
__root = 'data/toy_objects'
load = dict(type='LoadImageFromFile')
crop = dict(type='RandomResizedCrop', scale=64, crop_ratio_range=(0.6, 1.0))
flip = dict(type='RandomFlip', prob=0.5)
label = dict(type='LoadClassLabel')
pack = dict(type='PackUDAInputs')
source_pipeline = [load, crop, flip, label, pack]
target_pipeline = [load, crop, flip, pack]
test_pipeline = [
    load,
    dict(
        type='Resize',
        scale=(64, 64),
        keep_ratio=False,
        interpolation='bicubic',
        backend='pillow',
    ),
    label,
    pack,
]
__target = dict(type='VisDA2017Dataset', data_root=__root, split='validation')
train_dataloader = dict(
    dataset=dict(
        source=dict(
            type='VisDA2017Dataset',
            data_root=__root,
            split='train',
            pipeline=source_pipeline,
        ),
        target=dict(__target, pipeline=target_pipeline),
    )
)
val_dataloader = dict(dataset=dict(__target, pipeline=test_pipeline))
test_dataloader = val_dataloader
