"""Objectives that learn from the frame before an image."""

from .frame_colours import FrameColours
from .frame_colours_settings import FrameColoursSettings
from .pseudo_supervision import TemporalPseudoSupervisionObjective
from .temporal_consistency import TemporalConsistencyObjective
from .warped_labels import warped_labels

__all__ = [
    'FrameColours',
    'FrameColoursSettings',
    'TemporalConsistencyObjective',
    'TemporalPseudoSupervisionObjective',
    'warped_labels',
]
