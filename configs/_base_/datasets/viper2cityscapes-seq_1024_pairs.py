# The same with pairs of frames, for networks that fuse frames. The frames
# before need leftImg8bit_sequence, and VIPER's of all numbers. Flow is
# computed when images are loaded; data_prefix.flow_path of the three data sets
# has it read from files, which mmseg-balance data flow CONFIG writes.
_base_ = './viper2cityscapes-seq_1024.py'
train_dataloader = dict(
    dataset=dict(
        source=dict(
            previous=1,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'),
                dict(type='ResizeFrames', scale=(2560, 1440), keep_ratio=True),
                dict(
                    type='RandomCrop',
                    crop_size=(1024, 1024),
                    cat_max_ratio=0.75,
                ),
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs'),
            ],
        ),
        target=dict(
            previous=1,
            data_prefix=dict(prev_img_path='leftImg8bit_sequence/train'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                # bonnet and artifacts of rectification: top, bottom, left,
                # right
                dict(type='PseudoMargins', margins=(30, 240, 30, 30)),
                dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'),
                dict(type='ResizeFrames', scale=(2048, 1024)),
                dict(type='RandomCrop', crop_size=(1024, 1024)),
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs'),
            ],
        ),
    )
)
val_dataloader = dict(
    dataset=dict(
        previous=1,
        test_mode=True,
        data_prefix=dict(prev_img_path='leftImg8bit_sequence/val'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadPreviousFrame'),
            dict(type='LoadOpticalFlow'),
            dict(type='ResizeFrames', scale=(2048, 1024)),
            # labels stay at their own size, at which predictions are scored
            dict(type='LoadAnnotations'),
            dict(type='PackFrameInputs'),
        ],
    )
)
test_dataloader = val_dataloader
