# HRDA: DAFormer at two resolutions. The head and the attention take
# num_classes from HRDAHead, and the head its loss.
_base_ = './daformer_mit-b5.py'
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    segmentor=dict(
        type='HRDAEncoderDecoder',
        scale=0.5,
        detail_crop_size=(512, 512),
        crop_coord_divisible=8,
        detail_overlap=True,
        data_preprocessor=dict(size=(1024, 1024)),
        decode_head=dict(
            _delete_=True,
            type='HRDAHead',
            num_classes=19,
            detail_loss_weight=0.1,
            head=dict(
                type='DAFormerHead',
                in_channels=[64, 128, 320, 512],
                in_index=[0, 1, 2, 3],
                channels=256,
                dropout_ratio=0.1,
                norm_cfg=norm_cfg,
                decoder_params=dict(
                    embed_dims=256,
                    embed_cfg=dict(type='mlp'),
                    embed_neck_cfg=dict(type='mlp'),
                    fusion_cfg=dict(
                        type='aspp',
                        sep=True,
                        dilations=(1, 6, 12, 18),
                        pool=False,
                        act_cfg=dict(type='ReLU'),
                        norm_cfg=norm_cfg,
                    ),
                ),
            ),
            attention=dict(
                type='DAFormerHead',
                in_channels=[64, 128, 320, 512],
                in_index=[0, 1, 2, 3],
                channels=256,
                dropout_ratio=0.1,
                norm_cfg=norm_cfg,
                decoder_params=dict(
                    embed_dims=256,
                    embed_cfg=dict(type='mlp'),
                    embed_neck_cfg=dict(type='mlp'),
                    fusion_cfg=dict(
                        type='conv',
                        kernel_size=1,
                        act_cfg=dict(type='ReLU'),
                        norm_cfg=norm_cfg,
                    ),
                ),
            ),
            loss_decode=dict(type='CrossEntropyLoss', loss_weight=1.0),
        ),
        test_cfg=dict(mode='slide', crop_size=(1024, 1024), stride=(512, 512)),
    )
)
