"""Plain vision transformers of timm, as backbones with four scales."""

from .feature_pyramid import SimpleFeaturePyramid
from .lora import LoRA, LoRALinear
from .timm_vit_pyramid import TimmViTPyramid

__all__ = ['LoRA', 'LoRALinear', 'SimpleFeaturePyramid', 'TimmViTPyramid']
