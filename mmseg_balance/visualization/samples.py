"""Images to show, with their labels and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mmcv
import numpy as np
from mmseg.datasets import BaseSegDataset

from mmseg_balance.datasets.files.prediction_names import prediction_names


@dataclass
class Sample:
    """An image, its label, and what each run predicts.

    Attributes:
        name: Shown below the image.
        image: RGB (H, W, 3) in uint8.
        label: Classes (H, W).
        predictions: Classes (H, W) for the name of each run.
        label_segments: Ids of labelled segments (H, W), class * 1000 +
            number; None where there are none.
        segments: The same for the names of runs that predict such.
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    predictions: Mapping[str, np.ndarray]
    label_segments: np.ndarray | None = None
    segments: Mapping[str, np.ndarray] = field(default_factory=dict)


def read_samples(
    dataset: BaseSegDataset,
    predictions: Mapping[str, Path],
    count: int,
) -> list[Sample]:
    """Read images evenly spaced over a data set.

    Args:
        dataset: Data set whose label files hold classes.
        predictions: For each run, the folder that ``tools/test.py --out``
            wrote.
        count: Number of images; fewer where there are fewer.

    Returns:
        The samples.

    Raises:
        FileNotFoundError: A file is missing; names it.
    """
    count = min(count, len(dataset))
    indices = np.linspace(0, len(dataset), count, endpoint=False).astype(int)
    paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    names = prediction_names(paths)
    samples = []
    for index in indices.tolist():
        info = dataset.get_data_info(index)
        file = Path(info['img_path'])
        predicted = {
            run: _read_classes(folder / names[info['img_path']])
            for run, folder in predictions.items()
        }
        image = mmcv.imread(str(file), channel_order='rgb')
        label = _read_classes(info['seg_map_path'])
        samples.append(Sample(file.name, image, label, predicted))
    return samples


def _read_classes(path: str | Path) -> np.ndarray:
    return mmcv.imread(str(path), flag='unchanged')
