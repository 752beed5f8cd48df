# The same with pairs of frames in the target: each crop with that of the
# frame before it, and the flow between them. Flow is computed when images are
# loaded; with data_prefix.flow_path it is read from files, which
# mmseg-balance data flow CONFIG writes.
_base_ = './camvid-stills2camvid-clip_192.py'
train_dataloader = dict(
    dataset=dict(
        target=dict(
            previous=2,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'),
                dict(type='RandomCrop', crop_size=(192, 192)),
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs'),
            ],
        )
    )
)
