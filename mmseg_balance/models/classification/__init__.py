"""Networks that give an image one label."""

from .classifier_head import ClassifierHead
from .image_classifier import ImageClassifier

__all__ = ['ClassifierHead', 'ImageClassifier']
