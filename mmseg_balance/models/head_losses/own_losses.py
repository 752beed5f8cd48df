"""Heads that compute or predict in their own way."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import nn

METHODS = ('loss', 'loss_by_feat', 'predict')


def own_loss_methods(head: nn.Module) -> list[str]:
    """Which of ``loss``, ``loss_by_feat`` and ``predict`` a head overrides.

    What overrides one cannot be given logits, pixel weights or domains from
    outside.

    Args:
        head: A decode head.
    """
    kind = type(head)
    return [
        method
        for method in METHODS
        if getattr(kind, method, None) is not getattr(BaseDecodeHead, method)
    ]
