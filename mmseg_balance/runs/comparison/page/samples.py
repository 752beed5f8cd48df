"""Test images with what each method predicts of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ....configuration.data_roots import relocate_data
from ....datasets.files.prediction_names import prediction_names
from ....errors import UserError, UserValueError
from ....inference.evaluation_set import build_labelled_test_set
from ....inference.prediction_files import LIST, image_paths
from ....inference.predictor import Predictor
from ....visualization.samples import Sample
from ...records.provenance import describe_data
from ..evaluated_as import part_of
from ..evaluations import LEVELS
from ..grouping import Group
from ..result import Result

# images looked at for each that is shown
LOOKED_AT = 3
IGNORED = 255


def find_samples(
    groups: Sequence[Group],
    count: int,
    data_roots: Sequence[str] | None = None,
) -> tuple[list[Sample], list[str]]:
    """Images where methods differ most, among some over the test set.

    Args:
        groups: The methods, each shown by one run: of a seed that all have,
            where there is one.
        count: Number of images.
        data_roots: Folders of data sets, as ``--data-root`` gives them.

    Returns:
        The samples, in the order of the test set; and lines for the user on
        what is not there, and on which runs are shown.
    """
    if not count:
        return [], []
    chosen = choose_runs(groups)
    cfg = next(
        (c for r in chosen.values() if (c := evaluation_config(r))), None
    )
    if cfg is None:
        return [], ['no samples: no config says where the test images are']
    try:
        relocate_data(cfg, data_roots)
        dataset = build_labelled_test_set(cfg)
        check_data(dataset, list(chosen.values()))
        images = TestImages(dataset, count * LOOKED_AT)
    except (UserError, OSError, ValueError) as error:
        return [], [f'no samples: {error}']
    predictions, notes = {}, []
    for name, result in chosen.items():
        try:
            predictions[name] = predict(result, images, cfg)
        except (UserError, OSError, ValueError, RuntimeError) as error:
            notes.append(f'{name}: no predictions among the samples: {error}')
    if not predictions:
        return [], notes
    seeds = {name: chosen[name].seed for name in predictions}
    shown = ', '.join(f'{name} (seed {seeds[name]})' for name in predictions)
    labels = [images.label(i) for i in range(len(images.files))]
    kept = most_different(list(predictions.values()), labels, count)
    notes.append(
        f'samples are of {shown}; the {len(kept)} in which they differ most '
        f'of {len(images.files)} that were looked at'
    )
    samples = [
        Sample(
            Path(images.files[i]).name,
            mmcv.imread(images.files[i], channel_order='rgb'),
            labels[i],
            {name: maps[i] for name, maps in predictions.items()},
        )
        for i in kept
    ]
    return samples, notes


def check_data(dataset: Any, results: Sequence[Result]) -> None:
    """Refuse other images than those that were tested.

    Args:
        dataset: The test set as it is now.
        results: What was tested; those that do not say on what pass.

    Raises:
        ValueError: Number, names or sizes of the images are others.
    """
    noted = next((r.data for r in results if r.data), '')
    found = describe_data(dataset).get('data', '')
    if noted and found != noted:
        raise UserValueError(
            f'the tests were on {noted}, and the test set has {found} now: '
            'name the folder of those with --data-root'
        )


def choose_runs(groups: Sequence[Group]) -> dict[str, Result]:
    """One run of each method, of a seed that all have where there is one."""
    seeds = [{r.seed for r in g.results} - {None} for g in groups]
    common = sorted(set.intersection(*seeds)) if seeds else []
    chosen = {}
    for member in groups:
        chosen[member.name] = next(
            (r for r in member.results if common and r.seed == common[0]),
            member.first,
        )
    return chosen


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
    return Config(content)


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


def predict(
    result: Result, images: TestImages, data: Config
) -> list[np.ndarray]:
    """Classes of each image, from files or by the model.

    Args:
        result: Whose model predicts.
        images: The images.
        data: Config whose test set is where the images are.

    Returns:
        A map (H, W) for each image.

    Raises:
        OSError, ValueError: Neither files nor a checkpoint can be used.
    """
    folder = saved_predictions(result, images)
    if folder is not None:
        shift = int(bool(getattr(images.dataset, 'reduce_zero_label', False)))
        return [
            mmcv.imread(
                str(folder / images.names[file]), flag='unchanged'
            ).astype(np.int64)
            - shift
            for file in images.files
        ]
    cfg = evaluation_config(result)
    if cfg is None or result.checkpoint is None:
        raise FileNotFoundError(
            'neither files of mmseg-balance test --out nor the checkpoint '
            'are there'
        )
    cfg.test_dataloader = data.test_dataloader
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    predictor = Predictor(
        cfg,
        result.checkpoint,
        part=part_of(result.evaluated) or None,
        num_workers=0,
        confidence=False,
    )
    return [found.labels for found in predictor.predict(images.files)]


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


def most_different(
    predictions: Sequence[Sequence[np.ndarray]],
    labels: Sequence[np.ndarray],
    count: int,
) -> list[int]:
    """Images in which methods differ most; of one method, it and the label.

    Args:
        predictions: Maps (H, W) of each image for each method.
        labels: Of each image (H, W), 255 where ignored.
        count: How many.

    Returns:
        Their positions, in ascending order.
    """
    shares = []
    for i, label in enumerate(labels):
        maps = [method[i] for method in predictions]
        others = maps[1:] or [label]
        differ = np.any([maps[0] != other for other in others], axis=0)
        counted = label != IGNORED
        shares.append(differ[counted].mean() if counted.any() else 0.0)
    order = np.argsort(-np.array(shares), kind='stable')
    return sorted(order[:count].tolist())
