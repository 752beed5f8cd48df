"""A decoder that gives features in the place of logits."""

from collections.abc import Mapping

from mmseg.models.decode_heads.cascade_decode_head import (
    BaseCascadeDecodeHead,
)
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import nn

from ....errors import UserValueError

# what a decode head is told of its classes, which a decoder has none of
_OF_CLASSES = (
    'num_classes',
    'out_channels',
    'threshold',
    'loss_decode',
    'ignore_index',
    'sampler',
    'init_cfg',
)


def build_feature_decoder(config: ConfigType) -> BaseDecodeHead:
    """Build a decode head without its classifier.

    Its forward gives what the classifier would be given, with the dropout of
    the head: (N, channels, h, w).

    Args:
        config: Of a decode head that classifies by ``conv_seg``,
            ``DAFormerHead`` for one. What it says of classes and losses does
            not count, so that it may be the semantic head's.

    Raises:
        ValueError: It is no such config.
    """
    if not isinstance(config, Mapping):
        raise UserValueError(
            'Expected `decoder` of CenterOffsetHead to be the config of a '
            "decode head, or None to share the semantic head's, but got "
            f'{config!r}'
        )
    settings = {k: v for k, v in config.items() if k not in _OF_CLASSES}
    head = MODELS.build(
        settings | dict(num_classes=3, loss_decode=[], init_cfg=None)
    )
    if not _classifies_alone(head):
        raise UserValueError(
            'Expected `decoder` of CenterOffsetHead to be a decode head with '
            'a conv_seg and nothing else to learn, DAFormerHead for one, but '
            f'got {config.get("type")}'
        )
    head.conv_seg = nn.Identity()
    return head


def _classifies_alone(head: nn.Module) -> bool:
    """Whether the logits of ``conv_seg`` are all that a head gives."""
    return (
        isinstance(getattr(head, 'conv_seg', None), nn.Conv2d)
        and not isinstance(head, BaseCascadeDecodeHead)
        and type(head).loss_by_feat is BaseDecodeHead.loss_by_feat
    )
