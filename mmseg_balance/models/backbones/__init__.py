"""Backbones and their weights."""

from .efficientnet_lite0_weights import EfficientNetLite0Weights

__all__ = ['EfficientNetLite0Weights']
