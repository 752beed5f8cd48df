"""Training predictions of decode heads, and their losses."""

from .predictions import training_features
from .segmentation_loss import segmentation_losses

__all__ = ['segmentation_losses', 'training_features']
