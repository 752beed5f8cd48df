# The same with pairs of frames in tests as well, for networks that fuse
# frames. Source images are a second apart: each is its own frame before.
_base_ = './camvid-stills2camvid-clip_192_frames.py'
train_dataloader = dict(
    dataset=dict(
        source=dict(
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='RepeatFrame'),
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
        previous=2,
        test_mode=True,
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
