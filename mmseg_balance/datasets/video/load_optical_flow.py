"""The flow of a pair of frames: from a file, or computed."""

from itertools import takewhile
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...optical_flow.consistency import forward_backward_valid
from ...optical_flow.dis import check_preset, dis_flow
from ...optical_flow.files.read_write import read_flow
from ...optical_flow.geometry import resize_flow_array
from ..files.image_pairs import stored_size
from ..loading.bad_files import UnreadableFileError
from .fields import (
    FLOW,
    FLOW_PATH,
    FLOW_VALID,
    PACKED_BY,
    PREV_IMAGE,
    REPEATED,
    REVERSE_PATH,
    WrongPairError,
    add_field,
)
from .joint_geometry import check_geometry
from .load_previous_frame import LoadPreviousFrame
from .repeat_frame import add_no_motion

Field = tuple[np.ndarray, np.ndarray]


@TRANSFORMS.register_module()
class LoadOpticalFlow(BaseTransform):
    """Adds the flow of an image to the frame before it.

    Read from the file that the data set names (``flow_path`` of its
    ``data_prefix``), or else computed by DIS of the two frames, which takes
    as long as reading them does. To be put right behind
    ``LoadPreviousFrame``.

    Adds ``flow``, float32 (H, W, 2), (u, v) in pixels on the grid of the
    image and pointing to the earlier frame; and ``flow_valid``, bool (H, W):
    where the file has flow, and where the flow back from the earlier frame
    agrees (:func:`forward_backward_valid`), if there is such. Where the
    image stands in for the frame before it, the flow is zero and counts.

    Args:
        check: Look at the flow back, too: its file, where it is there, or
            computed, which doubles the time of DIS.
        resize: Bring flow of another size than the image to its size, values
            included. False refuses it.
        preset: Of DIS: 'ultrafast', 'fast' or 'medium'.

    Raises:
        ValueError: The preset is unknown. When a pair comes in: the flow has
            another size, or is not finite; names the file.
        OSError: The file cannot be read.

    Example:
        >>> dict(type='LoadOpticalFlow')
    """

    packed_by = PACKED_BY

    def __init__(
        self, check: bool = True, resize: bool = False, preset: str = 'medium'
    ) -> None:
        check_preset(preset, 'LoadOpticalFlow.preset')
        self.check, self.resize, self.preset = check, resize, preset

    def check_dataset(self, dataset: BaseDataset, key: str) -> None:
        """Refuse other transforms, and files that are of another size.

        Args:
            dataset: Whose pipeline this is in; its files are listed.
            key: Its key.

        Raises:
            ValueError: A transform would move the image alone, there is
                neither flow nor what it is computed of, or the flow of the
                first image has another size, which is so of all then.
        """
        check_geometry(dataset.pipeline.transforms, key)
        infos = map(dataset.get_data_info, range(len(dataset)))
        # the first of a sequence has none, in an evaluation
        info = next((i for i in infos if i.get(FLOW_PATH) is not None), {})
        if not info:
            self._check_frames(dataset, key)
            return
        try:
            width, height = stored_size(Path(info['img_path']))
            flow = read_flow(info[FLOW_PATH])[0]
        except (OSError, ValueError):
            return  # it is said, or left out, when it is loaded
        if not self.resize and flow.shape[:2] != (height, width):
            error = _other_size(info[FLOW_PATH], flow, (height, width))
            raise UserValueError(f'{key} {error}')

    def _check_frames(self, dataset: BaseDataset, key: str) -> None:
        transforms = dataset.pipeline.transforms
        before = takewhile(lambda t: t is not self, transforms)
        if not any(isinstance(t, LoadPreviousFrame) for t in before):
            raise UserValueError(
                f'{key}.pipeline has LoadOpticalFlow, which finds neither '
                'files of flow (data_prefix.flow_path) nor the frame before: '
                "put dict(type='LoadPreviousFrame') before it"
            )

    def transform(self, results: dict) -> dict:
        """Add the flow.

        Args:
            results: With ``img`` and ``prev_img``, as they were loaded.

        Returns:
            Them, with ``flow`` and ``flow_valid``.
        """
        if results.get(REPEATED):
            add_no_motion(results)
            return results
        path = results.get(FLOW_PATH)
        size = results['img'].shape[:2]
        if path is None:
            flow, reverse = self._compute(results)
            valid = np.ones(size, dtype=bool)
        else:
            flow, valid = self._read(path, size)
            back = results.get(REVERSE_PATH) if self.check else None
            reverse = None if back is None else self._read(back, size)[0]
        if reverse is not None:
            valid = valid & _agree(flow, reverse)
        add_field(results, FLOW, flow)
        # moved by transforms that know no bool
        add_field(results, FLOW_VALID, valid.astype(np.uint8))
        return results

    def _compute(self, results: dict) -> tuple[np.ndarray, np.ndarray | None]:
        if PREV_IMAGE not in results:
            raise WrongPairError(
                f'image {results.get("img_path")}: LoadOpticalFlow finds '
                'neither a file of flow nor the frame before it: put '
                "dict(type='LoadPreviousFrame') before it"
            )
        image, earlier = results['img'], results[PREV_IMAGE]
        try:
            flow = dis_flow(image, earlier, self.preset)
            if not self.check:
                return flow, None
            return flow, dis_flow(earlier, image, self.preset)
        except ValueError as error:
            raise WrongPairError(
                f'image {results.get("img_path")}: {error}'
            ) from error

    def _read(self, path: str, size: tuple[int, int]) -> Field:
        try:
            flow, valid = read_flow(path)
        except ValueError as error:
            raise WrongPairError(f'flow {error}') from error
        except OSError as error:
            raise UnreadableFileError(
                f'flow {error}: write it again with mmseg-balance data flow'
            ) from error
        if flow.shape[:2] == size:
            return flow, valid
        if self.resize:
            return resize_flow_array(flow, valid, size)
        raise _other_size(path, flow, size)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(check={self.check}, '
            f'resize={self.resize}, preset={self.preset!r})'
        )


def _other_size(
    path: str, flow: np.ndarray, size: tuple[int, int]
) -> WrongPairError:
    return WrongPairError(
        f'flow {path} has {flow.shape[1]} x {flow.shape[0]} and its image '
        f'{size[1]} x {size[0]} pixels (width x height): write it anew with '
        'mmseg-balance data flow, or set resize=True of LoadOpticalFlow, '
        'which scales it'
    )


def _agree(flow: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    there, back = (
        torch.from_numpy(field).permute(2, 0, 1)[None]
        for field in (flow, reverse)
    )
    return forward_backward_valid(there, back)[0].numpy()
