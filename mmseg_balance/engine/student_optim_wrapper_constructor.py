"""Optimizes what a UDA model trains, without a word about its teacher."""

from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class StudentOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """``DefaultOptimWrapperConstructor`` on all but the teacher.

    The default one warns of each of the teacher's parameters that it needs
    no gradient. A model without ``trainable`` is taken as it is.
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the wrapper.

        Args:
            model: The model, or a wrapper around it.
        """
        if is_model_wrapper(model):
            model = model.module
        return super().__call__(getattr(model, 'trainable', model))
