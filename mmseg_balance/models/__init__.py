"""Networks, losses and domain adaptation methods."""

from . import (
    backbones,
    decode_heads,
    losses,
    panoptic,
    segmentors,
    translation,
    uda,
)

__all__ = [
    'backbones',
    'decode_heads',
    'losses',
    'panoptic',
    'segmentors',
    'translation',
    'uda',
]
