"""CDF, anchors, offsets and their tables (Eq. 6, 9, 10).

The reference of Eq. 6 is :func:`.reference.alignment.align`, that of Eq. 9
:func:`.reference.adjustment.adjusted_logits`, that of d in Eq. 10
:func:`.difficulty.positive_cdf`. What is faster says how near it comes, and
which test holds that.
"""

from .difficulty import positive_cdf
from .offset import logit_offset
from .reference.adjustment import adjusted_logits
from .reference.alignment import align, inverse_cdf
from .tables.table import OffsetTable

__all__ = [
    'OffsetTable',
    'adjusted_logits',
    'align',
    'inverse_cdf',
    'logit_offset',
    'positive_cdf',
]
