"""Pictures of segments."""

from .visualizer import PanopticLocalVisualizer

__all__ = ['PanopticLocalVisualizer']
