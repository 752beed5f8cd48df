"""Training predictions of decode heads, and their losses."""

from .pixel_targets import PixelTargets
from .predictions import training_features
from .segmentation_loss import segmentation_losses

__all__ = ['PixelTargets', 'segmentation_losses', 'training_features']
