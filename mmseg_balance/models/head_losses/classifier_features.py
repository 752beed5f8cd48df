"""Features that enter a head's classifier, before its dropout.

Heads whose forward is ``cls_seg(_forward_feature(inputs))`` are taken apart
there: MMSegmentation's that are so, and those that declare it by
:func:`split_forward`. In a head of unknown make nobody but its classifier
sees the features; a forward hook notes them, here and nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from mmseg.models.decode_heads import ASPPHead, FCNHead, PSPHead, UPerHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from ...errors import UserRuntimeError, UserTypeError
from .signatures import offers

# functions, not classes: a subclass with a forward of its own is not split
_SPLIT = {kind.forward for kind in (ASPPHead, FCNHead, PSPHead, UPerHead)}


def split_forward(forward: Callable) -> Callable:
    """Declare that a forward is ``cls_seg(_forward_feature(inputs))``.

    Decorates the method of a head; not inherited by a forward that overrides
    it, nor where a subclass classifies by another ``cls_seg``.
    """
    _SPLIT.add(forward)
    return forward


def logits_and_features(
    head: BaseDecodeHead, inputs: Any
) -> tuple[Tensor, Tensor]:
    """What a head predicts, and the features that enter its classifier.

    Args:
        head: With one prediction.
        inputs: Of its forward.

    Returns:
        Logits (N, C, h, w), those of its forward, and features (N, F, h, w).

    Raises:
        RuntimeError: The classifier of a head of unknown make was not seen.
    """
    if _is_split(head):
        features = head._forward_feature(inputs)
        return head.cls_seg(features), features
    with captured_inputs(classifier_of(head), dropout_of(head)) as noted:
        logits = head.forward(inputs)
    return logits, checked_features(noted, 1)[0]


def _is_split(head: BaseDecodeHead) -> bool:
    if getattr(head.forward, '__func__', None) not in _SPLIT:
        return False
    # one that comes after the forward may change features on their way
    names = ('forward', 'cls_seg')
    places = (head, *type(head).__mro__)
    return next(n for p in places for n in names if n in vars(p)) == 'forward'


def checked_features(noted: list[Tensor], predictions: int) -> list[Tensor]:
    """Features of the first predictions, one of each.

    Args:
        noted: Of ``captured_inputs``.
        predictions: How many there are.

    Raises:
        RuntimeError: Fewer were noted; says how many.
    """
    if len(noted) < predictions:
        # a compiled head, for one, calls no hooks
        raise UserRuntimeError(
            f'density_estimation saw {len(noted)} calls of the classifier, '
            f'but there are {predictions} predictions to estimate'
        )
    return noted[:predictions]


class ClassifiesWithin(Protocol):
    """A head whose logits are those of a head within it."""

    @property
    def classifying_head(self) -> BaseDecodeHead:
        """The head within."""


class ClassifiesByOwn(Protocol):
    """A head whose classifier is not ``conv_seg``."""

    @property
    def first_classifier(self) -> nn.Module:
        """The first module that takes the features."""


def classifier_of(head: BaseDecodeHead) -> nn.Module:
    """The first module that takes the features that enter the classifier.

    Raises:
        TypeError: The head has no single such place; names it.
    """
    head = _classifying(head)
    if offers(head, ClassifiesByOwn):
        return head.first_classifier
    if isinstance(getattr(head, 'conv_seg', None), nn.Conv2d):
        return head.conv_seg
    raise UserTypeError(
        f'density_estimation needs a decode head with a conv_seg, DLV2Head '
        f'or HRDAHead, but decode_head is {type(head).__name__}'
    )


def classify(head: BaseDecodeHead, features: Tensor) -> Tensor:
    """Logits of features that enter a head's classifier.

    Args:
        head: One with a ``classifier_of``.
        features: (N, F, h, w).

    Returns:
        (N, C, h, w).
    """
    return _classifying(head).cls_seg(features)


def dropout_of(head: BaseDecodeHead) -> nn.Module | None:
    """The dropout that ``BaseDecodeHead.cls_seg`` puts before a classifier."""
    return _classifying(head).dropout


def _classifying(head: BaseDecodeHead) -> BaseDecodeHead:
    return head.classifying_head if offers(head, ClassifiesWithin) else head


@contextmanager
def captured_inputs(
    classifier: nn.Module, dropout: nn.Module | None = None
) -> Iterator[list[Tensor]]:
    """Collect the features that enter a classifier, before its dropout.

    Args:
        classifier: Module whose calls are collected.
        dropout: What may come right before it; calls of it elsewhere in the
            head do not count.

    Yields:
        One tensor for each call of the classifier, in their order.
    """
    inputs: list[Tensor] = []
    last: list[Tensor] = []  # input and output of the dropout

    def remember(_: nn.Module, args: tuple, output: Tensor) -> None:
        last[:] = args[0], output

    def collect(_: nn.Module, args: tuple) -> None:
        is_dropped = bool(last) and last[1] is args[0]
        inputs.append(last[0] if is_dropped else args[0])
        last.clear()

    handles = [classifier.register_forward_pre_hook(collect)]
    if dropout is not None:
        handles.append(dropout.register_forward_hook(remember))
    try:
        yield inputs
    finally:
        for handle in handles:
            handle.remove()
