"""Training predictions of decode heads, and their losses."""

from .call_loss import call_loss
from .classifier_features import split_forward
from .pixel_targets import PixelTargets
from .predictions import Prediction, training_features
from .sampled_labels import SampledLabels
from .segmentation_loss import (
    PredictionLosses,
    joined_log,
    prediction_losses,
    segmentation_losses,
)

__all__ = [
    'PixelTargets',
    'Prediction',
    'PredictionLosses',
    'SampledLabels',
    'call_loss',
    'joined_log',
    'prediction_losses',
    'segmentation_losses',
    'split_forward',
    'training_features',
]
