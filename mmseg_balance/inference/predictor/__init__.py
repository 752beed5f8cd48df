"""A trained model over images."""

from .prediction import Prediction, max_softmax
from .predictor import Predictor

__all__ = ['Prediction', 'Predictor', 'max_softmax']
