"""Images without a frame before them, as pairs in which nothing moves."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmseg.registry import TRANSFORMS

from .fields import (
    FLOW,
    FLOW_VALID,
    PACKED_BY,
    PREV_IMAGE,
    PREV_LABEL,
    REPEATED,
    WrongPairError,
    add_field,
)
from .joint_geometry import check_geometry


@TRANSFORMS.register_module()
class RepeatFrame(BaseTransform):
    """Makes a pair of an image and itself, with a flow of 0 that counts.

    For images that are none of a video, in the place of
    ``LoadPreviousFrame`` and ``LoadOpticalFlow``, so that a network that
    fuses frames learns from them, too.

    Args:
        with_labels: Repeat the label, too.

    Example:
        >>> dict(type='RepeatFrame')
    """

    packed_by = PACKED_BY

    def __init__(self, with_labels: bool = False) -> None:
        self.with_labels = with_labels

    def check_dataset(self, dataset: BaseDataset, key: str) -> None:
        """Refuse transforms that would move the image alone.

        Args:
            dataset: Whose pipeline this is in.
            key: Its key.

        Raises:
            ValueError: Names the transform.
        """
        check_geometry(dataset.pipeline.transforms, key)

    def transform(self, results: dict) -> dict:
        """Add the image itself as the frame before, and the flow.

        Args:
            results: With ``img``.

        Returns:
            Them, with ``prev_img``, ``flow`` and ``flow_valid``.
        """
        repeat_image(results, self.with_labels)
        add_no_motion(results)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(with_labels={self.with_labels})'


def repeat_image(results: dict, with_labels: bool) -> None:
    """Add an image as the frame before itself.

    Args:
        results: Of a pipeline, changed in place.
        with_labels: Whether its label is added, too.

    Raises:
        ValueError: The label is not there.
    """
    if with_labels and 'gt_seg_map' not in results:
        raise WrongPairError(
            f'image {results.get("img_path")}: with_labels=True repeats its '
            "label, which is not loaded: put dict(type='LoadAnnotations') "
            'before it, or set with_labels=False'
        )
    add_field(results, PREV_IMAGE, results['img'].copy())
    if with_labels:
        add_field(results, PREV_LABEL, results['gt_seg_map'].copy())
    results[REPEATED] = True


def add_no_motion(results: dict) -> None:
    """Add a flow of 0, which counts everywhere.

    Args:
        results: Of a pipeline, changed in place.
    """
    size = results['img'].shape[:2]
    add_field(results, FLOW, np.zeros((*size, 2), np.float32))
    # as of files; moved by transforms that know no bool
    add_field(results, FLOW_VALID, np.ones(size, np.uint8))
