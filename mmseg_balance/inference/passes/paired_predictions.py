"""Predictions of two models for the same images, and where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from torch import nn

from ...errors import UserValueError
from ...evaluation.improved_regions import IGNORED, improved_pixels
from ...progress import track_iterable
from .labelled_logits import predict_logits


@dataclass(frozen=True)
class PairCounts:
    """How two models compare on an image.

    Attributes:
        name: Of the image's file.
        labelled: Pixels with a label.
        improved: Of these, those that the second model alone has right.
        worsened: Those that the first one alone has right.
    """

    name: str
    labelled: int
    improved: int
    worsened: int


@dataclass(frozen=True)
class PairedSample:
    """An image, its label, and two predictions.

    Attributes:
        name: Of the image's file.
        image: RGB (H, W, 3) in uint8.
        label: Classes (H, W), 255 where ignored.
        before, after: Predicted classes (H, W).
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    before: np.ndarray
    after: np.ndarray


def paired_predictions(
    models: Sequence[nn.Module],
    dataset: Any,
    count: int,
    names: Sequence[str] | None = None,
    num_workers: int = 2,
) -> tuple[list[PairedSample], list[PairCounts]]:
    """Go over a test set with two models side by side.

    Args:
        models: The two, in evaluation mode.
        dataset: The test set of both, with labels.
        count: Samples that are kept: of as many stretches of the test set,
            in each the one in which the second model gains the most pixels,
            improved less worsened. Neighbours, as of a video, are alike.
        names: Files to keep instead, by name, with or without suffix.

    Returns:
        The samples, in the order of the test set or of ``names``; and counts
        of every image.

    Raises:
        ValueError: A name is none of the test set, or of several images.
    """
    paths = [
        Path(dataset.get_data_info(i)['img_path']) for i in range(len(dataset))
    ]
    wanted = None if names is None else [_find(n, paths) for n in names]
    # by place: a name, or a stretch of the test set
    kept: dict[int, PairedSample] = {}
    gains: dict[int, int] = {}
    counts = []
    passes = [
        predict_logits(model, dataset, num_workers=num_workers)
        for model in models
    ]
    pairs = track_iterable(
        zip(*passes, strict=True), 'predict with both', len(dataset), 'images'
    )
    for first, second in pairs:
        i, path = first.index, paths[first.index]
        label = first.labels.cpu().numpy()
        before, after = (
            of.logits.argmax(0).cpu().numpy() for of in (first, second)
        )
        improved = int(improved_pixels(label, before, after).sum())
        worsened = int(improved_pixels(label, after, before).sum())
        labelled = int((label != IGNORED).sum())
        counts.append(PairCounts(path.name, labelled, improved, worsened))
        gain = improved - worsened
        if wanted is not None:
            places = [k for k, index in enumerate(wanted) if index == i]
        else:
            place = i * count // len(dataset)
            better = place not in gains or gain > gains[place]
            places = [place] if better else []
        for place in places:
            image = mmcv.imread(str(path), channel_order='rgb')
            gains[place] = gain
            kept[place] = PairedSample(path.name, image, label, before, after)
    return [kept[place] for place in sorted(kept)], counts


def _find(name: str, paths: Sequence[Path]) -> int:
    found = [i for i, p in enumerate(paths) if name in (p.name, p.stem)]
    if len(found) != 1:
        raise UserValueError(
            f'--images: {name!r} is the name of {len(found)} images of the '
            f'test set, expected one, such as {paths[0].name}'
        )
    return found[0]
