"""What a survey keeps of the segments of an image."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...panoptic.segments import segment_places


def count_segments(
    loaded: Mapping[str, Any], num_classes: int
) -> dict[str, Any] | None:
    """Count the things of an image.

    Args:
        loaded: What a pipeline loads of it.
        num_classes: Number of classes C.

    Returns:
        'things' (segments of things that are told apart, of each class),
        'crowds' (segments of groups), 'wrong_areas' (whether areas are
        listed that the segments have not); None where no segments are
        loaded.
    """
    segments, ids = (
        loaded.get(key) for key in ('segments_info', 'gt_panoptic_map')
    )
    if segments is None or ids is None:
        return None
    labels = [
        s['label'] for s in segments if s['isthing'] and not s['iscrowd']
    ]
    places = segment_places(ids, segments).ravel()
    areas = np.bincount(places, minlength=len(segments) + 1)[1:].tolist()
    return dict(
        things=np.bincount(labels, minlength=num_classes).tolist(),
        crowds=sum(bool(s['iscrowd']) for s in segments),
        wrong_areas=areas != [s['area'] for s in segments],
    )
