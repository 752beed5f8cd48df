"""Optimizes what a UDA model trains, without a word about its teacher."""

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...models.wrapped_segmentor import unwrapped
from .fused_optimizers import is_fused_by_default, keep_own_step


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class StudentOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """``DefaultOptimWrapperConstructor`` on all but the teacher.

    The default one warns of each of the teacher's parameters that it needs
    no gradient. A model without ``trainable`` is taken as it is.

    Parameters of equal settings share a group. The default one makes a group
    of each, a thousand for MiT-B5, and an optimizer's step is then thousands
    of small operations instead of one over many tensors. On a GPU Adam and
    AdamW are fused, if the config does not say otherwise
    (``optimizer=dict(fused=False)``).
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the wrapper.

        Args:
            model: The model, or a wrapper around it.
        """
        model = unwrapped(model)
        model = getattr(model, 'trainable', model)
        cfg = self.optimizer_cfg
        if is_fused_by_default(
            self.optim_wrapper_cfg, cfg, model.parameters()
        ):
            self.optimizer_cfg = dict(cfg, fused=True)
        wrapper = super().__call__(model)
        keep_own_step(wrapper.optimizer)
        return wrapper

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
            params[:] = merge_groups(params)


def merge_groups(groups: list[dict]) -> list[dict]:
    """Put parameters of equal settings into one group.

    Args:
        groups: Groups as an optimizer takes them.

    Returns:
        One group for each setting, in the order of the first of each.
    """
    merged: dict[tuple, list] = {}
    for group in groups:
        settings = {k: v for k, v in group.items() if k != 'params'}
        merged.setdefault(tuple(sorted(settings.items())), []).extend(
            group['params']
        )
    return [dict(key, params=params) for key, params in merged.items()]
