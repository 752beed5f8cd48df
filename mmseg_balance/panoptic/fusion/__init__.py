"""From a semantic map and instances to one map of segments."""

from .assembly import assemble_segments
from .centers import assign_pixels, find_centers, fuse_centers
from .detections import fuse_detections
from .segment_scores import ScoredSegments, score_segments

__all__ = [
    'ScoredSegments',
    'assemble_segments',
    'assign_pixels',
    'find_centers',
    'fuse_centers',
    'fuse_detections',
    'score_segments',
]
