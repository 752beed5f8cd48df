"""Computes flow once, for all pairs of frames of a data set."""

import os.path as osp
from dataclasses import dataclass
from pathlib import Path

import mmcv
import numpy as np
from mmengine.dataset import BaseDataset

from ...errors import UserOSError, UserValueError
from ...optical_flow.dis import dis_flow
from ...optical_flow.files.kitti_png import LIMIT
from ...optical_flow.files.read_write import write_flow
from ..files.folders import is_there
from ..sets.video.flow_files import flow_files
from ..sets.video.frame_sequences import FrameSequences


@dataclass(frozen=True)
class FlowJob:
    """One pair of frames, and where its flow is written.

    Attributes:
        image, earlier: Files of the two frames.
        path: Of the flow from the image to the earlier frame.
        reverse: Of that back; None: it is not wanted.
    """

    image: str
    earlier: str
    path: str
    reverse: str | None


def flow_jobs(dataset: BaseDataset, folder: str, key: str) -> list[FlowJob]:
    """The pairs of a data set of videos.

    Args:
        dataset: Data set whose files are listed, with ``previous``.
        folder: Where flow is written.
        key: Key of the data set, for messages.

    Returns:
        A job for each image that has a frame before it.

    Raises:
        ValueError: It is no data set of videos, or ``previous`` is not set.
    """
    if not isinstance(dataset, FrameSequences):
        raise UserValueError(
            f'{key} is a {type(dataset).__name__}, which knows no frames '
            'before its images; FrameFolderDataset is one that does'
        )
    if dataset.previous is None:
        raise UserValueError(
            f'{key}.previous is not set: to which frame is the flow? Set it '
            'to the difference of the numbers of two frames, 1 for one'
        )
    jobs = []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        if info['prev_img_path'] is None:
            continue  # the first of a sequence, in an evaluation
        files = flow_files(dataset.frame(info), folder, dataset.flow_suffix)
        paths = files['flow_path'], files['reverse_flow_path']
        jobs.append(FlowJob(info['img_path'], info['prev_img_path'], *paths))
    return jobs


def unfinished(jobs: list[FlowJob]) -> list[FlowJob]:
    """Those whose files are not there yet.

    Args:
        jobs: All of them.
    """
    listed: dict[str, set[str]] = {}
    return [
        job
        for job in jobs
        if not all(
            is_there(path, listed) for path in (job.path, job.reverse) if path
        )
    ]


def write_pair(job: FlowJob, preset: str) -> None:
    """Compute the flow of a pair, and write it.

    Args:
        job: The pair.
        preset: Of DIS.

    Raises:
        OSError: A frame cannot be read; names it.
        ValueError: The frames cannot be compared; names them.
    """
    image, earlier = _read(job.image), _read(job.earlier)
    try:
        _write(job.path, dis_flow(image, earlier, preset))
        if job.reverse is not None:
            _write(job.reverse, dis_flow(earlier, image, preset))
    except UserValueError as error:
        raise UserValueError(
            f'{job.image} and {job.earlier}: {error}'
        ) from error


def _read(path: str) -> np.ndarray:
    """As ``LoadImageFromFile`` does, BGR."""
    try:
        image = mmcv.imread(path)
    except (OSError, ValueError) as error:
        raise UserOSError(f'{path}: {error}') from error
    if image is None:
        state = 'cannot be decoded' if osp.exists(path) else 'is not there'
        raise UserOSError(f'{path} {state}')
    return image


def _write(path: str, flow: np.ndarray) -> None:
    valid = np.ones(flow.shape[:2], dtype=bool)
    if Path(path).suffix == '.png':
        # longer than the format holds, which no true motion is
        valid = (np.abs(flow) < LIMIT - 1).all(-1)
    write_flow(path, flow, valid)
