# Images with a label each, as public code prepares VisDA-2017: 256 x 256,
# whatever their aspect, the middle 224 x 224 of it, mirrored by chance. Pillow
# decodes and resizes (bicubic, antialiased), as torchvision does.
_base_ = './loaders_objects.py'
load = dict(
    type='LoadImageFromFile',
    imdecode_backend='pillow',
    # which does not turn photographs by their EXIF tag either
    color_type='color_ignore_orientation',
)
resize = dict(
    type='Resize',
    scale=(256, 256),
    keep_ratio=False,
    interpolation='bicubic',
    backend='pillow',
)
crop = dict(type='CenterCrop', crop_size=(224, 224))
flip = dict(type='RandomFlip', prob=0.5)
label = dict(type='LoadClassLabel')
pack = dict(type='PackUDAInputs')
source_pipeline = [load, resize, crop, flip, label, pack]
target_pipeline = [load, resize, crop, flip, pack]
test_pipeline = [load, resize, crop, label, pack]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    ),
)
val_dataloader = dict(num_workers=4, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
