"""Writes the optical flow that the data sets of a config name."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope

from ...datasets.checks.folder_checks import check_folders
from ...datasets.loading.leaves import build_lazily, leaf_configs
from ...datasets.video.flow_jobs import (
    FlowJob,
    flow_jobs,
    unfinished,
    write_pair,
)
from ...errors import UserValueError
from ...files.mapping import map_files
from ...files.writing import require_writable, write_atomically

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
RECORD = 'optical_flow.json'
KIND = 'optical flow of mmseg_balance'


@dataclass(frozen=True)
class WrittenFlow:
    """What was written for one data set.

    Attributes:
        key: Of the data set.
        folder: Of the flow.
        new, kept: Pairs of frames that were computed, and that were there.
    """

    key: str
    folder: str
    new: int
    kept: int


def write_flow_of(
    cfg: Config, preset: str = 'medium', reverse: bool = True, nproc: int = 1
) -> list[WrittenFlow]:
    """Write flow for all data sets of a config that name a folder of it.

    Args:
        cfg: Config of a training.
        preset: Of DIS.
        reverse: Whether the flow back is written as well, by which
            ``LoadOpticalFlow`` knows what was hidden.
        nproc: Number of processes.

    Returns:
        What was written for each data set. What was there is kept.

    Raises:
        ValueError: No data set names a folder of flow, one is none of
            videos, a folder has flow of other settings, or frames are bad;
            names them, after all others are written.
        FileNotFoundError: A folder of images is missing.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    found = list(_sets_with_flow(cfg))
    if not found:
        raise UserValueError(
            f'{cfg.filename}: no data set says where its flow lies; set '
            "data_prefix=dict(flow_path='flow/train') of one of videos, "
            'below its data_root'
        )
    return [
        _write_set(dataset, key, preset, reverse, nproc)
        for key, dataset in found
    ]


def _sets_with_flow(cfg: Config) -> Iterator[tuple[str, BaseDataset]]:
    """Data sets, built lazily; each folder of flow once."""
    folders = set()
    for loader in LOADERS:
        config = (cfg.get(loader) or {}).get('dataset')
        for key, leaf in leaf_configs(config, f'{loader}.dataset'):
            if not (leaf.get('data_prefix') or {}).get('flow_path'):
                continue
            dataset = build_lazily(leaf, key)
            folder = dataset.data_prefix['flow_path']
            settings = folder, dataset.data_prefix.get('img_path')
            if settings not in folders:
                folders.add(settings)
                yield key, dataset


def _write_set(
    dataset: BaseDataset, key: str, preset: str, reverse: bool, nproc: int
) -> WrittenFlow:
    # or it would look for the files that are to be written
    folder = str(dataset.data_prefix.pop('flow_path'))
    check_folders(dataset, key, with_labels=False)
    dataset.full_init()
    jobs = flow_jobs(dataset, folder, key)
    if not reverse:
        jobs = [replace(job, reverse=None) for job in jobs]
    if not Path(folder, RECORD).exists():
        _refuse_others(jobs, key)
    require_writable(folder, f'{key}.data_prefix.flow_path')
    _check_record(
        Path(folder, RECORD), dict(preset=preset, previous=dataset.previous)
    )
    todo = unfinished(jobs)
    map_files(partial(write_pair, preset=preset), todo, nproc, f'flow {key}')
    return WrittenFlow(key, folder, len(todo), len(jobs) - len(todo))


def _refuse_others(jobs: Sequence[FlowJob], key: str) -> None:
    """Keep flow that is not of this command, the exact one of toy streets."""
    there = next((j.path for j in jobs if Path(j.path).exists()), None)
    if there is not None:
        raise UserValueError(
            f'{there} was not written by this command ({RECORD} is not beside '
            'it), which would put that of DIS in its place: a training reads '
            'it as it is; for flow of DIS name another folder in '
            f'{key}.data_prefix.flow_path'
        )


def _check_record(path: Path, settings: dict[str, Any]) -> None:
    """Refuse to go on where flow of other settings lies."""
    if path.exists():
        known = json.loads(path.read_text())
        other = [k for k, v in settings.items() if known.get(k) != v]
        if other:
            raise UserValueError(
                f'{path.parent} has flow with '
                f'{", ".join(f"{k}={known.get(k)!r}" for k in other)}, and '
                f'{", ".join(f"{k}={settings[k]!r}" for k in other)} is '
                'asked for: name another folder in data_prefix.flow_path, or '
                'delete this one'
            )
        return
    content = dict(kind=KIND, method='DIS', **settings, opencv=cv2.__version__)
    write_atomically(path, json.dumps(content, indent=1).encode())
