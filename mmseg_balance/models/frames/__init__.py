"""Pairs of frames in a batch: how they get there, and what they hold."""

from .frame_preprocessor import FrameDataPreProcessor
from .pairs import FramePair, frame_pair, image_channels

__all__ = [
    'FrameDataPreProcessor',
    'FramePair',
    'frame_pair',
    'image_channels',
]
