# The same with pairs of frames in the source and in tests as well, for
# networks that fuse frames. The first frame of a sequence is its own there.
_base_ = './toy-viper2toy-seq_192_frames.py'
train_dataloader = dict(
    dataset=dict(
        source=dict(
            previous=1,
            data_prefix=dict(flow_path='train/flow'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'),
                dict(
                    type='RandomCrop', crop_size=(192, 192), cat_max_ratio=0.75
                ),
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs'),
            ],
        )
    )
)
val_dataloader = dict(
    dataset=dict(
        previous=1,
        test_mode=True,
        data_prefix=dict(flow_path='flow/val'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='LoadPreviousFrame', repeat_first=True),
            dict(type='LoadOpticalFlow'),
            dict(type='PackFrameInputs'),
        ],
    )
)
test_dataloader = val_dataloader
