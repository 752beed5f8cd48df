"""Predictions as files: one for each image, and in place of none of a user."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.evaluation import IoUMetric

from ..datasets.files.prediction_names import picture_names, prediction_names
from ..datasets.loading.leaves import keyed_leaves
from ..errors import (
    UserFileExistsError,
    UserNotADirectoryError,
    UserOSError,
    UserValueError,
)
from ..evaluation.classification_metric import (
    PREDICTIONS,
    ClassificationMetric,
)
from ..files.writing import require_writable, write_atomically

# names of the PNGs that a folder has of this package
LIST = '.predictions.json'


def image_paths(dataset: Any) -> list[str]:
    """Paths of the images of a data set.

    Args:
        dataset: A data set of MMSegmentation, or several in one.

    Returns:
        The paths in their order; none for data sets of another kind.
    """
    leaves = [leaf for _, leaf in keyed_leaves(dataset, '')]
    if not all(isinstance(leaf, BaseDataset) for leaf in leaves):
        return []
    return [
        leaf.get_data_info(i)['img_path']
        for leaf in leaves
        for i in range(len(leaf))
    ]


def claim_folder(folder: Path, names: Sequence[PurePath]) -> None:
    """Refuse to replace files that are no predictions; note those to come.

    Args:
        folder: Where PNGs will be written; need not exist.
        names: Their relative paths.

    Raises:
        FileExistsError: A file is there that was not written by an earlier
            call; names it.
        NotADirectoryError: The folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UserNotADirectoryError(
            f'--out {folder} is a file: name a folder'
        )
    try:
        known = set(json.loads((folder / LIST).read_text()))
    except (OSError, ValueError):
        known = set()
    own = [name.as_posix() for name in names]
    foreign = [n for n in own if n not in known and (folder / n).exists()]
    if foreign:
        raise UserFileExistsError(
            f'{folder} has {foreign[0]}'
            + (f' and {len(foreign) - 1} more' if foreign[1:] else '')
            + ', which no earlier run wrote and predictions would replace: '
            'name another folder for the predictions (--out, or output_dir '
            'of the metric)'
        )
    folder.mkdir(parents=True, exist_ok=True)
    listed = json.dumps(sorted(known | set(own)), indent=0)
    write_atomically(folder / LIST, listed.encode())


def make_folder(folder: Path, option: str = '--out') -> None:
    """Make a folder of results, where it is not there.

    Args:
        folder: The folder.
        option: What names it, for the error.

    Raises:
        OSError: It cannot be made, or nothing can be written in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserOSError(
            f'{option} {folder} cannot be made ({error.strerror}): name a '
            'folder that you may write to'
        ) from error
    require_writable(folder, option)


def draws_pictures(runner: Runner) -> bool:
    """Whether a run saves or shows pictures of its predictions."""
    return any(
        isinstance(hook, SegVisualizationHook) and hook.draw
        for hook in runner.hooks
    )


def prepare_files(
    dataset: Any, metrics: Sequence[BaseMetric], visualizer: Visualizer | None
) -> None:
    """See to it that a test loses no prediction, and no file of a user.

    Args:
        dataset: The set of a test or of a validation.
        metrics: Of that; those with an ``output_dir`` save there.
        visualizer: What draws predictions, or None.

    Raises:
        FileExistsError, NotADirectoryError: See :func:`claim_folder`.
        ValueError: Two images have one name, and a metric other than
            MMSegmentation's IoUMetric saves by names.
    """
    if visualizer is None and not any(
        getattr(metric, 'output_dir', None) for metric in metrics
    ):
        return
    paths = image_paths(dataset)
    names = prediction_names(paths)
    are_unique = all(
        str(name) == f'{Path(path).stem}.png' for path, name in names.items()
    )
    for metric in metrics:
        folder = getattr(metric, 'output_dir', None)
        if not folder or not names:
            continue
        if isinstance(metric, ClassificationMetric):
            claim_folder(Path(folder), [PurePath(PREDICTIONS)])
        elif isinstance(metric, IoUMetric):
            claim_folder(Path(folder), list(names.values()))
            if not are_unique:
                keep_apart(metric, names)
        elif not are_unique:
            raise UserValueError(
                f'{type(metric).__name__} saves predictions by the names of '
                'the images, and several images of the data set have one '
                'name: rename them, or test without --out and output_dir'
            )
    if visualizer is not None and not are_unique:
        name_pictures(visualizer, picture_names(paths))


def keep_apart(metric: IoUMetric, names: Mapping[str, PurePath]) -> None:
    """Make a metric save each prediction under a name of its own.

    MMSegmentation saves by base names, so that images of two folders with
    one name would leave one file.

    Args:
        metric: Metric with ``output_dir``, changed in place.
        names: Relative path of the PNG of each image.
    """
    process, root = metric.process, Path(metric.output_dir)

    def process_each(data_batch: Any, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            path = Path(sample['img_path'])
            name = names.get(sample['img_path'], PurePath(f'{path.stem}.png'))
            folder = root / name.parent
            folder.mkdir(parents=True, exist_ok=True)
            metric.output_dir = str(folder)
            # the metric takes the suffix away
            if name.stem != path.stem:
                sample = {**sample, 'img_path': str(path.with_name(name.name))}
            process(data_batch, [sample])
        metric.output_dir = str(root)

    metric.process = process_each


def name_pictures(visualizer: Visualizer, names: Mapping[str, str]) -> None:
    """Make a visualizer save each picture under a name of its own.

    Args:
        visualizer: Of the runner, changed in place.
        names: Name without folders for each image.
    """
    draw = visualizer.add_datasample

    def add_datasample(
        name: str, image: Any, data_sample: Any = None, **settings: Any
    ) -> None:
        path = getattr(data_sample, 'img_path', None)
        if path in names:
            mode = name.partition('_')[0]
            name = f'{mode}_{names[path]}'
        draw(name, image, data_sample=data_sample, **settings)

    visualizer.add_datasample = add_datasample
