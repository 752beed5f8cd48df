"""Models that another model is built around."""

from mmengine.model import is_model_wrapper
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The model that a wrapper for several ranks is around.

    Args:
        model: A model, or mmengine's wrapper of one.

    Returns:
        The model itself; one that is not wrapped is returned as it is.
    """
    return model.module if is_model_wrapper(model) else model


def build_segmentor(
    segmentor: ConfigType | nn.Module, data_preprocessor: OptConfigType = None
) -> nn.Module:
    """Build the segmentor inside a model, with what that model was given.

    mmengine's runner hands a config's top-level ``data_preprocessor``, which
    all base models of MMSegmentation have, to the outermost model. It is
    meant for the segmentor, and by the runner's own rule what the segmentor
    has itself counts more.

    Args:
        segmentor: Config of a segmentor, or of a model around one; a module
            is taken as it is.
        data_preprocessor: Taken where ``segmentor`` is a config without one.

    Returns:
        The segmentor.
    """
    if isinstance(segmentor, nn.Module):
        return segmentor
    if data_preprocessor is not None:
        segmentor = dict(segmentor)
        segmentor.setdefault('data_preprocessor', data_preprocessor)
    return MODELS.build(segmentor)
