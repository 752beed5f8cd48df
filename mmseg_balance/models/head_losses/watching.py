"""What a pass over images is computed from, for objectives that watch it.

An objective may compare features of another's pass, which it then need not
compute again: a second pass would cost as much, and count twice in batch
norms.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from .pixel_targets import PixelTargets

if TYPE_CHECKING:
    from .predictions import Prediction


@dataclass(frozen=True, eq=False)
class SeenPass:
    """A pass whose predictions have losses.

    Attributes:
        inputs: Of the decode head, what ``training_features`` gave.
        prediction: The main one, of the whole image.
        targets: What it is to predict.
    """

    inputs: Any
    prediction: 'Prediction'
    targets: PixelTargets


@dataclass(frozen=True, eq=False)
class _Watch:
    segmentor: nn.Module
    keep_features: bool
    seen: list[SeenPass]


_watches: list[_Watch] = []


@contextmanager
def watched_passes(
    segmentor: nn.Module, keep_features: bool = False
) -> Iterator[list[SeenPass]]:
    """Note the passes of a segmentor in here.

    Args:
        segmentor: An ``EncoderDecoder``.
        keep_features: Whether predictions shall have their ``features``.

    Yields:
        The passes in their order, filled on the way. They hold graphs.
    """
    watch = _Watch(segmentor, keep_features, [])
    _watches.append(watch)
    try:
        yield watch.seen
    finally:
        _watches.remove(watch)


def wants_features(segmentor: nn.Module) -> bool:
    """Whether somebody wants the features of a segmentor's predictions."""
    return any(w.segmentor is segmentor and w.keep_features for w in _watches)


def show_pass(segmentor: nn.Module, seen: SeenPass) -> None:
    """Let those who watch a segmentor have a pass."""
    for watch in _watches:
        if watch.segmentor is segmentor:
            watch.seen.append(seen)
