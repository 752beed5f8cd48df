"""A learning rate that falls towards the input of the backbone."""

from mmengine.logging import print_log
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...errors import UserTypeError, UserValueError
from .student_optim_wrapper_constructor import (
    StudentOptimWrapperConstructor,
    merge_groups,
)

KEY = 'layer_decay_rate'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(StudentOptimWrapperConstructor):
    """``StudentOptimWrapperConstructor`` with layer-wise rate decay.

    The rate of layer i of L is multiplied by ``layer_decay_rate`` ** (L - 1 -
    i), as in BEiT (ICLR 2022) and MMPretrain's constructor: what comes after
    the blocks of the backbone has the full rate, its embeddings the lowest.
    Backbones say themselves which layer a parameter is of, by
    ``get_layer_depth``, as those of MMPretrain and ``TimmViTPyramid`` do.
    (MMSegmentation's ``LearningRateDecayOptimizerConstructor`` knows BEiT,
    MAE and ConvNeXt by the names of their classes, and wants the backbone to
    be the model's own, not its student's.)

    Other keys of ``paramwise_cfg`` work as ever, and their factors are
    multiplied.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='LayerDecayOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=6e-5, weight_decay=0.01),
        ...     paramwise_cfg=dict(
        ...         layer_decay_rate=0.9,
        ...         custom_keys=dict(decode_head=dict(lr_mult=10.0))))

    Raises:
        TypeError: No module of the model has ``get_layer_depth``.
        ValueError: ``layer_decay_rate`` is missing or not in (0, 1].
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        rate = self.paramwise_cfg.get(KEY)
        if not isinstance(rate, (int, float)) or not 0 < rate <= 1:
            raise UserValueError(
                f'Expected paramwise_cfg.{KEY} of '
                f'{type(self).__name__} to be in (0, 1], but got {rate!r}'
            )

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the parameters of a module, and of those within.

        Args:
            params: Groups of the optimizer, changed in place.
            module: The module.
            prefix: Its name in the model; '' is the model.
            is_dcn_module: Whether it is within a deformable convolution.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if not prefix:
            factors = layer_factors(module, self.paramwise_cfg[KEY])
            params[:] = merge_groups(
                [
                    {
                        **group,
                        'params': [parameter],
                        'lr': group.get('lr', self.base_lr)
                        * factors.get(parameter, 1.0),
                    }
                    for group in params
                    for parameter in group['params']
                ]
            )
            _log_rates(params)


def layer_factors(model: nn.Module, rate: float) -> dict[nn.Parameter, float]:
    """Factors of the learning rate, of parameters of layers.

    Args:
        model: What is trained.
        rate: Factor from a layer to the one before it.

    Returns:
        Factors in (0, 1], by parameter of the backbone.

    Raises:
        TypeError: Nothing in the model knows its layers.
    """
    layered = [m for m in model.modules() if hasattr(m, 'get_layer_depth')]
    if not layered:
        backbones = [
            type(m.backbone).__name__
            for m in model.modules()
            if hasattr(m, 'backbone')
        ]
        raise UserTypeError(
            'LayerDecayOptimWrapperConstructor needs a backbone with '
            'get_layer_depth, such as TimmViTPyramid, but found '
            f'{", ".join(backbones) or "no backbone"}: set constructor='
            "'StudentOptimWrapperConstructor' and leave "
            f'paramwise_cfg.{KEY} away'
        )
    factors = {}
    for module in layered:
        for name, parameter in module.named_parameters():
            layer, layers = module.get_layer_depth(name)
            factors[parameter] = rate ** (layers - 1 - layer)
    return factors


def _log_rates(groups: list[dict]) -> None:
    rates = sorted({group['lr'] for group in groups})
    print_log(
        f'layer-wise decay: {len(rates)} learning rates of {len(groups)} '
        f'groups, from {rates[0]:.3g} to {rates[-1]:.3g}',
        'current',
    )
