_base_ = ['./vit_daformer.py', './vit-tiny.py']
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(192, 192)),
        backbone=_base_.pop('vit'),
        decode_head=dict(
            in_channels=[64] * 4,
            channels=64,
            decoder_params=dict(embed_dims=64),
        ),
    )
)
