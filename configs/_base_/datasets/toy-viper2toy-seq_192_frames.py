# The same with pairs of frames in the target: each crop with that of the
# frame before it, and the exact flow between them.
_base_ = './toy-viper2toy-seq_192.py'
train_dataloader = dict(
    dataset=dict(
        target=dict(
            previous=1,
            data_prefix=dict(flow_path='flow/train'),
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
