"""What an offset is, and how logits are adjusted by it (Eq. 6, 9)."""

from .adjustment import adjusted_logits
from .alignment import align, inverse_cdf

__all__ = ['adjusted_logits', 'align', 'inverse_cdf']
