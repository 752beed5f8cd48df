"""Networks, losses and domain adaptation methods."""

from . import (
    backbones,
    classification,
    decode_heads,
    frames,
    losses,
    panoptic,
    segmentors,
    translation,
    uda,
)

__all__ = [
    'backbones',
    'classification',
    'decode_heads',
    'frames',
    'losses',
    'panoptic',
    'segmentors',
    'translation',
    'uda',
]
