"""Balanced samples of logits, of fixed size (Alg. 1, App. D).

``draws`` says which pixels, ``planes`` and ``fused`` read what they have, on
a CPU and by kernels.
"""

from .batch import (
    batch_labels,
    sample_anchor_logits,
    sample_batch,
    sample_class_logits,
    sample_one_class_anchor,
)
from .draws import ANCHOR_SAMPLES, DEFAULT_CLASS_SAMPLES, narrow

__all__ = [
    'ANCHOR_SAMPLES',
    'DEFAULT_CLASS_SAMPLES',
    'batch_labels',
    'narrow',
    'sample_anchor_logits',
    'sample_batch',
    'sample_class_logits',
    'sample_one_class_anchor',
]
