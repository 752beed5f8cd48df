# HRDA small enough for a CPU.
_base_ = ['./hrda_mit-b5.py', './lite0.py']
__head = dict(
    in_channels=[24, 40, 112, 320],
    channels=64,
    decoder_params=dict(embed_dims=64),
)
model = dict(
    segmentor=dict(
        detail_crop_size=(96, 96),
        data_preprocessor=dict(size=(192, 192)),
        backbone=dict(_delete_=True, **_base_.pop('lite0')),
        decode_head=dict(head=__head, attention=__head),
        test_cfg=dict(crop_size=(192, 192), stride=(96, 96)),
    )
)
