"""Backbones and their weights."""

from .attention_records import AttentionRecord, recorded_attention
from .cross_domain import (
    CrossDomainFeatures,
    cross_domain_attention,
    cross_domain_features,
)
from .efficientnet_lite0_weights import EfficientNetLite0Weights
from .efficientnet_lite_weights import EfficientNetLiteWeights
from .mit_keys import is_original_mit, mmseg_mit_keys
from .mix_vision_transformer import FusedMixVisionTransformer
from .vision_transformers import TimmViTPyramid

__all__ = [
    'AttentionRecord',
    'CrossDomainFeatures',
    'EfficientNetLite0Weights',
    'EfficientNetLiteWeights',
    'FusedMixVisionTransformer',
    'TimmViTPyramid',
    'cross_domain_attention',
    'cross_domain_features',
    'is_original_mit',
    'mmseg_mit_keys',
    'recorded_attention',
]
