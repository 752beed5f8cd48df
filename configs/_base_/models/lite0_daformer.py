# EfficientNet-Lite0 with a small head of DAFormer, for a CPU.
_base_ = ['./daformer_mit-b5.py', './lite0.py']
_base_.model.segmentor.decode_head.pop('norm_cfg')  # its fusion has one
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(192, 192)),
        backbone=dict(_delete_=True, **_base_.pop('lite0')),
        decode_head=dict(
            in_channels=[24, 40, 112, 320],
            channels=64,
            decoder_params=dict(embed_dims=64),
        ),
    )
)
