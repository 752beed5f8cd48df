"""What cannot work, said when the model is built."""

from .losses import check_pixel_weights
from .segmentor import (
    check_head,
    check_segmentor,
    named_heads,
)

__all__ = [
    'check_head',
    'check_pixel_weights',
    'check_segmentor',
    'named_heads',
]
