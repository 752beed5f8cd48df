"""Networks, losses and domain adaptation methods."""

from . import backbones, decode_heads, losses, uda

__all__ = ['backbones', 'decode_heads', 'losses', 'uda']
