"""Pictures of images that have one label."""

from .names import write_class_name
from .visualizer import ClassLocalVisualizer

__all__ = ['ClassLocalVisualizer', 'write_class_name']
