"""Checks of data sets whose pairs of frames are scored, before the start."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmseg.datasets import BaseSegDataset

from ...errors import UserValueError
from ..loading.bad_files import BadFileError
from ..loading.leaves import keyed_leaves
from .fields import PREV_PATH


def check_has_pairs(dataset: Any, key: str, metrics: Sequence[Any]) -> None:
    """Refuse to score pairs where there are none, or of unlike frames.

    Args:
        dataset: Data set of an evaluation, fully initialised.
        key: Its key.
        metrics: Of the evaluation; without ``scores_pairs`` nothing is
            looked at.

    Raises:
        ValueError: All images are the first of their sequences; or the
            pipeline makes another image of the frame before than of the
            image, see :func:`check_alike`.
    """
    if not any(getattr(metric, 'scores_pairs', False) for metric in metrics):
        return
    leaves = [
        (place, leaf)
        for place, leaf in keyed_leaves(dataset, key)
        if isinstance(leaf, BaseSegDataset)
    ]
    firsts = [_first_pair(leaf) for _, leaf in leaves]
    if all(info is None for info in firsts):
        steps = [getattr(leaf, 'previous', None) for _, leaf in leaves]
        raise UserValueError(
            f'{key} has no image with a frame before it, so that temporal '
            f'consistency cannot be scored: is previous={steps[0]} '
            '(--temporal K) the difference of the numbers of two frames?'
        )
    for (place, leaf), info in zip(leaves, firsts, strict=True):
        if info is not None:
            check_alike(leaf, place, info)


def check_alike(dataset: BaseSegDataset, key: str, info: dict) -> None:
    """Refuse a pipeline that treats the frame before in another way.

    An image is loaded with itself as the frame before it: both have to come
    out the same.

    Args:
        dataset: The data set.
        key: Its key.
        info: Entry of one of its images, which is changed.

    Raises:
        ValueError: They differ, as where a transform changes the pixels of
            the image alone.
    """
    info[PREV_PATH] = info['img_path']
    drawn = np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            packed = dataset.pipeline(info)
    except BadFileError:
        return  # it is said, or left out, when it is loaded
    finally:
        np.random.set_state(drawn)
    if packed is None or 'prev_img' not in packed['data_samples']:
        return  # what is missing is said when the image is loaded
    sample = packed['data_samples']
    if not torch.equal(packed['inputs'], sample.prev_img.data):
        names = [type(t).__name__ for t in dataset.pipeline.transforms]
        raise UserValueError(
            f'{key}.pipeline makes another image of the frame before '
            f'{info["img_path"]} than of that, where both are one file: '
            'temporal consistency would compare predictions of unlike '
            'images. A transform that changes the pixels of the image alone '
            f'is among {", ".join(names)}: take it out, or leave '
            'temporal consistency away'
        )


def _first_pair(dataset: BaseSegDataset) -> dict | None:
    """Entry of the first image with a frame before it."""
    infos = map(dataset.get_data_info, range(len(dataset)))
    return next((i for i in infos if i.get(PREV_PATH) is not None), None)
