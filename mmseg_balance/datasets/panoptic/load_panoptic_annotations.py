"""Reads the segments of an image, and its semantic labels with them."""

from collections.abc import Sequence

import mmcv
import numpy as np
from mmengine import fileio
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS
from scipy.ndimage import find_objects

from ...panoptic.ids import FILE_VOID, file_ids
from ...panoptic.segments import (
    Segment,
    segment_places,
    semantic_map,
    unlisted_ids,
)
from ..loading.bad_files import UnreadableFileError, WrongLabelError

PANOPTIC_MAP = 'gt_panoptic_map'
SEGMENTS = 'segments_info'
# ids of segments that the file lists, and whose class is left out
IGNORED = 'ignored_segments'
SHOWN_IDS = 5


@TRANSFORMS.register_module()
class LoadPanopticAnnotations(LoadAnnotations):
    """Stands in the place of ``LoadAnnotations`` for a panoptic data set.

    Adds ``gt_panoptic_map``, the ids of segments in the file, int32 (H, W),
    and ``gt_seg_map``, the classes, uint8 (H, W), 255 on crowds and where
    there is no segment. Both are ``seg_fields``, which are resized, cropped
    and flipped with the image.

    An image that is no sample of a data set, as ``mmseg.apis`` gives it to a
    ``test_pipeline``, stays as it is: these leave out ``LoadAnnotations``
    alone.

    Args:
        imdecode_backend: Of mmcv; 'cv2' is the faster one.
        backend_args: File backend, see ``mmseg.datasets.LoadAnnotations``.

    Raises:
        OSError, ValueError: When an image comes in: its label is no colour
            image, or has not the segments that are listed for it; or its data
            set lists none.
    """

    def __init__(
        self, imdecode_backend: str = 'cv2', backend_args: dict | None = None
    ) -> None:
        super().__init__(
            imdecode_backend=imdecode_backend, backend_args=backend_args
        )

    def _load_seg_map(self, results: dict) -> None:
        """Read the file; what mmcv's ``LoadAnnotations`` calls."""
        if 'seg_fields' not in results:  # which all data sets have
            return
        path = results.get('seg_map_path')
        segments = results.get(SEGMENTS)
        if path is None or segments is None:
            raise WrongLabelError(
                f'label of {results.get("img_path")}: its data set lists no '
                'segments; LoadPanopticAnnotations is for PanopticDataset and '
                'its like, with ann_file set to the JSON file of the segments '
                'and data_prefix.seg_map_path to the folder of the PNG files'
            )
        ids = self._read(path)
        ignored = results.get(IGNORED)
        if ignored:
            ids = np.where(np.isin(ids, ignored), FILE_VOID, ids)
        places = segment_places(ids, segments)
        areas = np.bincount(places.ravel(), minlength=len(segments) + 1)
        check_listed(ids, places, areas[1:], segments, path)
        results[SEGMENTS] = _whole(segments, places, areas[1:])
        results[PANOPTIC_MAP] = ids
        results['gt_seg_map'] = semantic_map(places, segments)
        results['seg_fields'] = [
            *results.get('seg_fields', ()),
            'gt_seg_map',
            PANOPTIC_MAP,
        ]

    def _read(self, path: str) -> np.ndarray:
        content = fileio.get(path, backend_args=self.backend_args)
        image = mmcv.imfrombytes(
            content, flag='unchanged', backend=self.imdecode_backend
        )
        if image is None:
            raise UnreadableFileError(f'label {path} cannot be decoded')
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise WrongLabelError(
                f'label {path} is {image.dtype} of shape {image.shape}, '
                'expected a panoptic PNG: three channels of 8 bits, with '
                'R + 256 G + 65536 B the id of the segment. Labels of classes '
                'alone are read by LoadAnnotations'
            )
        return file_ids(image[..., ::-1])


def check_listed(
    ids: np.ndarray,
    places: np.ndarray,
    areas: np.ndarray,
    segments: Sequence[Segment],
    path: str,
) -> None:
    """Refuse an image whose segments are not those that are listed for it.

    Args:
        ids: Map of ids, (H, W).
        places: Of ``segment_places``.
        areas: Pixels of each listed segment, (N,).
        segments: The N listed segments.
        path: File of the map, for the message.

    Raises:
        WrongLabelError: Names ids that are listed and have no pixel, or that
            have pixels and are not listed.
    """
    lost = [segments[i]['id'] for i in np.flatnonzero(areas == 0)]
    unknown = unlisted_ids(ids, places)
    parts = []
    if unknown:
        parts.append(f'pixels of id {_some(unknown)}, which is not listed')
    if lost:
        parts.append(f'no pixel of id {_some(lost)}, which is listed')
    if parts:
        raise WrongLabelError(
            f'label {path} has {" and ".join(parts)} among its '
            f'{len(segments)} segments: the JSON file (ann_file) is not of '
            'these PNG files; write both anew, or name those that belong '
            'together'
        )


def _whole(
    segments: Sequence[Segment], places: np.ndarray, areas: np.ndarray
) -> Sequence[Segment]:
    """Segments with the areas and boxes that a file does not list."""
    if all(segment.keys() >= {'area', 'bbox'} for segment in segments):
        return segments
    found = []
    for segment, area, (rows, columns) in zip(
        segments, areas.tolist(), find_objects(places), strict=True
    ):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        box = [columns.start, rows.start, width, height]
        found.append(dict(area=area, bbox=box) | segment)
    return found


def _some(ids: list[int]) -> str:
    more = ', ...' if len(ids) > SHOWN_IDS else ''
    return ', '.join(map(str, ids[:SHOWN_IDS])) + more
