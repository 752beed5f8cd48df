"""MIC on toy streets that move, with pairs of frames in the target."""

_base_ = 'mmseg_balance::video/mic_hrda_lite0_300_toy-viper2toy-seq-192x192.py'
train_dataloader = dict(
    dataset=dict(
        target=dict(
            previous=1,  # the frame with the number before
            data_prefix=dict(flow_path='flow/train'),  # or it is computed
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
