"""What a method predicts of some test images: from files, or anew."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import mmcv
import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ....datasets.files.prediction_names import prediction_names
from ....errors import UserFileNotFoundError
from ....files.config_walk import dicts_in
from ....inference.prediction_files import LIST, image_paths
from ....inference.predictor import Predictor
from ....panoptic.numbers import numbered_segments
from ..evaluated_as import part_of
from ..evaluations import LEVELS
from ..result import Result

IGNORED = 255


def evaluation_config(result: Result) -> Config | None:
    """Config of an evaluation, with what else a model is built from.

    Args:
        result: The result.

    Returns:
        Settings of the training with model and test set of the evaluation;
        None where they are not known.
    """
    if result.evaluated is None or not result.evaluated.get('model'):
        return None
    content = dict(result.settings or {})
    # of the training alone
    for key in ('load_from', 'resume', 'work_dir', 'custom_imports'):
        content.pop(key, None)
    content |= dict(result.evaluated)
    return Config(content, filename=str(result.file))  # for messages


class Predicted(NamedTuple):
    """What a method predicts of an image.

    Attributes:
        labels: Classes (H, W).
        segments: Ids of segments (H, W), class * 1000 + number; None of a
            semantic model.
    """

    labels: np.ndarray
    segments: np.ndarray | None = None


@dataclass
class TestImages:
    """Images evenly spaced over a test set.

    Args:
        dataset: The test set, which loads labels.
        count: How many; fewer where there are fewer.
    """

    dataset: Any
    count: int
    __test__ = False  # no test of pytest

    def __post_init__(self) -> None:
        paths = image_paths(self.dataset)
        count = min(self.count, len(paths))
        places = np.linspace(0, len(paths), count, endpoint=False)
        self.indices = places.astype(int).tolist()
        self.files = [paths[i] for i in self.indices]
        self.names = prediction_names(paths)

    def label(self, position: int) -> np.ndarray:
        """Classes (H, W) of an image, 255 where ignored."""
        packed = self.dataset[self.indices[position]]
        label = packed['data_samples'].gt_sem_seg.data.squeeze(0).numpy()
        ignored = getattr(self.dataset, 'ignore_index', IGNORED)
        return np.where(label == ignored, IGNORED, label)

    def segments(self, position: int) -> np.ndarray | None:
        """Ids of its segments (H, W), class * 1000 + number; None: none."""
        sample = self.dataset[self.indices[position]]['data_samples']
        if 'gt_panoptic_seg' not in sample:
            return None
        return numbered_segments(
            sample.gt_panoptic_seg.data.squeeze(0).numpy(),
            sample.segments_info,
        )


def predict(
    result: Result, images: TestImages, data: Config
) -> list[Predicted]:
    """Classes of each image, and segments where the model finds such.

    Files have classes alone, so that a panoptic model predicts anew where
    its checkpoint is there.

    Args:
        result: Whose model predicts.
        images: The images.
        data: Config whose test set is where the images are.

    Returns:
        One for each image.

    Raises:
        OSError, ValueError: Neither files nor a checkpoint can be used.
    """
    cfg = evaluation_config(result)
    folder = saved_predictions(result, images)
    is_anew = result.checkpoint is not None and _finds_segments(cfg)
    if folder is not None and not is_anew:
        shift = int(bool(getattr(images.dataset, 'reduce_zero_label', False)))
        return [
            Predicted(_read(folder / images.names[file]) - shift)
            for file in images.files
        ]
    if cfg is None or result.checkpoint is None:
        raise UserFileNotFoundError(
            'neither files of mmseg-balance test --out nor the checkpoint '
            'are there'
        )
    # its own pipeline, which may not be that of the others
    if not cfg.get('test_dataloader'):
        cfg.test_dataloader = data.test_dataloader
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    predictor = Predictor(
        cfg,
        result.checkpoint,
        part=part_of(result.evaluated) or None,
        num_workers=0,
        confidence=False,
    )
    return [
        Predicted(found.labels, found.segments)
        for found in predictor.predict(images.files)
    ]


def _finds_segments(cfg: Config | None) -> bool:
    model = cfg and cfg.get('model')
    return any(part.get('instance_head') for part in dicts_in(model))


def _read(file: Path) -> np.ndarray:
    return mmcv.imread(str(file), flag='unchanged').astype(np.int64)


def saved_predictions(result: Result, images: TestImages) -> Path | None:
    """Folder of the files that the very test has written.

    Args:
        result: Scores of a test.
        images: Whose predictions are asked for.

    Returns:
        The folder; None where files are missing, or were written after the
        scores, so by another test.
    """
    evaluators = (result.evaluated or {}).get('test_evaluator') or []
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    for metric in evaluators:
        if not metric.get('output_dir'):
            continue
        named = Path(metric['output_dir'])
        # a work folder that was moved took its predictions along
        above = result.file.resolve().parents[1:][:LEVELS]
        for folder in (*(place / named.name for place in above), named):
            files = [folder / images.names[file] for file in images.files]
            if not all(file.is_file() for file in (folder / LIST, *files)):
                continue
            if all(file.stat().st_mtime <= result.written for file in files):
                return folder
    return None
