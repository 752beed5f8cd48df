"""Segments behind the transforms that move them with image and labels."""

import numpy as np

from ...errors import UserValueError
from ...panoptic.ids import FILE_VOID, VOID_LABEL
from ...panoptic.segments import segment_places, semantic_map
from .load_panoptic_annotations import PANOPTIC_MAP, SEGMENTS


def moved_ids(results: dict) -> np.ndarray:
    """Ids of segments, 0 in the margins that transforms added.

    MMSegmentation fills margins of every map with 255, which may be the id of
    a segment as well; mmcv's ``Pad`` leaves out all maps but the labels.

    Args:
        results: Of ``LoadPanopticAnnotations`` and transforms behind it.

    Returns:
        int32 (H, W).

    Raises:
        ValueError: A transform moved labels and no segments.
    """
    ids, labels = results[PANOPTIC_MAP], results['gt_seg_map']
    below, right = np.subtract(labels.shape, ids.shape)
    if (below or right) and 'pad_shape' in results:
        if min(below, right) >= 0:
            ids = np.pad(
                ids, ((0, below), (0, right)), constant_values=FILE_VOID
            )
    if ids.shape != labels.shape:
        raise _not_moved(results)
    if any(s['id'] == VOID_LABEL and s['iscrowd'] for s in results[SEGMENTS]):
        return ids  # ignored either way
    margin = (ids == VOID_LABEL) & (labels == VOID_LABEL)
    return np.where(margin, FILE_VOID, ids) if margin.any() else ids


def check_moved(results: dict, ids: np.ndarray) -> None:
    """Refuse segments that are elsewhere than labels.

    Args:
        results: As in :func:`moved_ids`.
        ids: What it returned.

    Raises:
        ValueError: Pixels have a label that is not that of their segment.
    """
    segments, labels = results[SEGMENTS], results['gt_seg_map']
    expected = semantic_map(segment_places(ids, segments), segments)
    if ((labels != expected) & (labels != VOID_LABEL)).any():
        raise _not_moved(results)


def _not_moved(results: dict) -> UserValueError:
    return UserValueError(
        f'the labels of {results.get("img_path")} are not where its segments '
        'are: a transform of the pipeline changed gt_seg_map, and not '
        f'{PANOPTIC_MAP}. Both are in seg_fields, which the transforms of '
        'MMSegmentation move; those of mmcv (mmcv.RandomFlip, CenterCrop) '
        'move gt_seg_map alone'
    )
