"""A check of all data of a config, down to the last file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ...datasets.checks import (
    build_lazily,
    folder_problems,
    leaf_configs,
)
from ...datasets.checks.folder_checks import check_image_files
from ...datasets.checks.image_labels import check_labels_of_images
from ...datasets.checks.labels import check_label_files
from ...datasets.checks.left_out import left_out
from ...datasets.checks.survey import SurveyFile, survey
from ...datasets.loading.class_label import labels_images
from ...datasets.loading.split_pipeline import SplitPipeline
from ...datasets.sampling.few_shot import FewShot
from ...errors import UserValueError
from .notes import absent_trained_classes
from .report import DataReport, SetReport, duplicates, summarise
from .segments import summarise_segments

TARGET = 'train_dataloader.dataset.target'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(cfg: Config, state: Path, nproc: int = 1) -> DataReport:
    """Read every image and label of a config's data sets.

    Args:
        cfg: Config of a training; looks at the data sets of its loaders,
            wrapped or not.
        state: File that keeps what was read, for a check that is killed.
        nproc: Number of processes.

    Returns:
        The report.

    Raises:
        ValueError: The config has no data set of MMSegmentation.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    file = SurveyFile(state)
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    few_shots = {TARGET: data.get('few_shot')}
    reports = [
        _check_set(config, key, file, nproc, few_shots.get(key))
        for key, config in _distinct_sets(cfg)
    ]
    if not reports:
        raise UserValueError(
            f'{cfg.filename} has no data set of MMSegmentation in '
            f'{", ".join(LOADERS)}'
        )
    report = DataReport(reports)
    report.notes += duplicates(reports)
    if not report.num_stops:
        _try_training_set(cfg, report)
    return report


def _distinct_sets(cfg: Config) -> Iterator[tuple[str, dict]]:
    """Configs of data sets with files; equal ones once, with all keys."""
    found: list[tuple[list[str], dict]] = []
    for loader in LOADERS:
        dataset = (cfg.get(loader) or {}).get('dataset')
        for key, config in leaf_configs(dataset, f'{loader}.dataset'):
            same = next((f for f in found if f[1] == config), None)
            if same is not None:
                same[0].append(key)
            else:
                found.append(([key], config))
    for keys, config in found:
        yield ', '.join(keys), config


def _check_set(
    config: dict, key: str, file: SurveyFile, nproc: int, few_shot: Any = None
) -> SetReport:
    report = SetReport(key)
    try:
        dataset = build_lazily(config, key)
        if not isinstance(dataset, BaseSegDataset):
            report.notes.append(f'{type(dataset).__name__}: not looked at')
            return report
        if not dataset.metainfo.get('classes'):
            raise UserValueError(
                f'names no classes; set {key}.metainfo.classes'
            )
        part = SplitPipeline(dataset, key)
        with_labels = part.annotations is not None
        report.stops += [
            f'{key}.{place}: {problem}'
            for place, problem in folder_problems(dataset, with_labels)
        ]
        if report.stops:
            return report
        dataset.full_init()
        if few_shot is not None:
            FewShot.from_key(few_shot).keep_in(dataset)
        check_image_files(dataset, key)
        report.notes += left_out(dataset, key, with_labels)
        if labels_images(dataset):
            _collect(report, lambda: check_labels_of_images(part))
        elif with_labels:
            _collect(report, lambda: check_label_files(part, key))
    except (OSError, TypeError, ValueError) as error:
        report.stops.append(str(error))
        return report
    report.records = survey(part, file, nproc)
    report.stops += [r['error'] for r in report.records if r['error']]
    names = part.dataset.metainfo['classes']
    summarise(report, names)
    summarise_segments(report, names)
    return report


def _collect(report: SetReport, check: Callable[[], None]) -> None:
    try:
        check()
    except (OSError, ValueError) as error:
        report.stops.append(str(error))


def _try_training_set(cfg: Config, report: DataReport) -> None:
    """Say what a training stops at in its data set as a whole."""
    config = (cfg.get('train_dataloader') or {}).get('dataset')
    if not config:
        return
    try:
        dataset = DATASETS.build(config.to_dict())
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
        absent_trained_classes(dataset)
    except (OSError, TypeError, ValueError) as error:
        key, text = 'train_dataloader.dataset', str(error)
        text = text if text.startswith(key) else f'{key}: {text}'
        report.stops.append(text)
        return
    few_shot = getattr(dataset, 'few_shot', None)
    if few_shot is not None:
        report.notes.append(few_shot.note)
