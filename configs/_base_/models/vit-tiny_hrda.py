_base_ = ['./vit_hrda.py', './vit-tiny.py']
__head = dict(
    in_channels=[64] * 4,
    channels=64,
    decoder_params=dict(embed_dims=64),
)
model = dict(
    segmentor=dict(
        detail_crop_size=(96, 96),
        data_preprocessor=dict(size=(192, 192)),
        backbone=_base_.pop('vit'),
        decode_head=dict(head=__head, attention=__head),
        test_cfg=dict(crop_size=(192, 192), stride=(96, 96)),
    )
)
