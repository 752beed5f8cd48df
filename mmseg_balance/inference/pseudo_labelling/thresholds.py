"""Confidence that a pixel needs to be labelled, class by class."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ...errors import UserValueError
from ...number_checks import is_number

IGNORED = 255
HALF = 16  # bits of a float32 that are told apart in one pass
BINS = 1 << HALF

Part = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ThresholdRule:
    """How thresholds follow from the confidences of all images.

    Attributes:
        share: Share of the pixels of a class that are labelled, those of
            the highest confidence: 0.5 puts the threshold at the median.
        cap: Largest threshold; pixels of this confidence are labelled in
            any case.
        fixed: The threshold of all classes, in place of both.

    Raises:
        ValueError: A setting out of [0, 1]; names it.
    """

    share: float = 0.5
    cap: float = 0.9
    fixed: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no share and no confidence."""
        for name, key in (
            ('share', 'share'),
            ('cap', 'cap'),
            ('fixed', 'threshold'),
        ):
            value = getattr(self, name)
            if value is None and name == 'fixed':
                continue
            if not is_number(value) or not 0 <= value <= 1:
                raise UserValueError(
                    f'Expected --{key} to be in [0, 1], but got {value!r}'
                )

    @property
    def sure(self) -> np.float32:
        """Confidence from which on a pixel is labelled in any case."""
        return np.float32(self.cap if self.fixed is None else self.fixed)

    def settings(self) -> dict[str, float]:
        """What it says, as a record keeps it."""
        if self.fixed is not None:
            return dict(threshold=self.fixed)
        return dict(share=self.share, cap=self.cap)


def rank_of(num_pixels: np.ndarray, share: float) -> np.ndarray:
    """Place of the threshold among the confidences, in ascending order.

    As in the public code of BDL (CVPR 2019), rounded half to even.

    Args:
        num_pixels: Pixels of each class, (C,).
        share: See ``ThresholdRule``.

    Returns:
        int64 (C,); 0 where a class has none.
    """
    places = np.round((1 - share) * np.asarray(num_pixels, np.float64))
    return np.clip(places.astype(np.int64), 0, np.maximum(num_pixels - 1, 0))


def class_thresholds(
    unsure: Callable[[], Iterable[Part]],
    num_pixels: np.ndarray,
    rule: ThresholdRule,
) -> np.ndarray:
    """Threshold of each class over a whole set of images.

    The confidence at the rank of :func:`rank_of`, exactly: float32 numbers
    above 0 are in the order of their bits, of which one pass tells the
    upper half and a second the lower. What is held does not grow with the
    number of images.

    Args:
        unsure: Gives, each time that it is called, classes (N,) and
            confidences float32 (N,) of the pixels below ``rule.sure``,
            image by image.
        num_pixels: Predicted pixels of each class, sure ones among them,
            (C,).
        rule: What is kept.

    Returns:
        float32 (C,), at most the cap; 0 where a class has no pixels.
    """
    num_pixels = np.asarray(num_pixels, np.int64)
    num_classes = len(num_pixels)
    if rule.fixed is not None:
        found = np.full(num_classes, rule.sure)
        return np.where(num_pixels > 0, found, np.float32(0))
    ranks = rank_of(num_pixels, rule.share)
    counts = _count(unsure(), num_classes, upper=None)
    num_unsure = counts.sum(1)
    upper, below = _locate(counts, ranks)
    counts = _count(unsure(), num_classes, upper=upper)
    lower, _ = _locate(counts, ranks - below)
    bits = (upper.astype(np.uint32) << np.uint32(HALF)) | lower.astype(
        np.uint32
    )
    found = np.where(ranks < num_unsure, bits.view(np.float32), rule.sure)
    return np.where(num_pixels > 0, found, np.float32(0)).astype(np.float32)


def label(
    classes: np.ndarray, confidence: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Pseudo-labels of an image (Eq. 8 of Hua and Yi, TII 2022).

    Args:
        classes: Predicted classes of any shape.
        confidence: Largest softmax, float32, of the same shape.
        thresholds: Of each class, float32 (C,).

    Returns:
        The classes, ``IGNORED`` where the confidence is below the
        threshold of the class; one that equals it is kept, as in BDL.
    """
    return np.where(confidence < thresholds[classes], IGNORED, classes)


def _count(
    parts: Iterable[Part], num_classes: int, upper: np.ndarray | None
) -> np.ndarray:
    """Histogram of half of the bits, int64 (C, BINS).

    Args:
        parts: Classes and confidences.
        num_classes: Number of classes C.
        upper: Upper half of what is counted by its lower half, (C,). None:
            all is counted by its upper half.
    """
    counts = np.zeros(num_classes * BINS, np.int64)
    for places in _places(parts, upper):
        counts += np.bincount(places, minlength=len(counts))
    return counts.reshape(num_classes, BINS)


def _places(
    parts: Iterable[Part], upper: np.ndarray | None
) -> Iterator[np.ndarray]:
    for classes, confidences in parts:
        bits = np.ascontiguousarray(confidences, np.float32).view(np.uint32)
        classes = classes.astype(np.int64)
        high = (bits >> np.uint32(HALF)).astype(np.int64)
        if upper is None:
            yield classes * BINS + high
            continue
        own = high == upper[classes]
        low = (bits[own] & np.uint32(BINS - 1)).astype(np.int64)
        yield classes[own] * BINS + low


def _locate(
    counts: np.ndarray, ranks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bin of each rank, and how many are in the bins below it, (C,) each."""
    ends = counts.cumsum(1)
    bins = (ends <= ranks[:, None]).sum(1).clip(max=BINS - 1)
    rows = np.arange(len(counts))
    return bins, ends[rows, bins] - counts[rows, bins]
