"""Test images with what each method predicts of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
import numpy as np

from ....configuration.data_roots import relocate_data
from ....errors import UserError, UserValueError
from ....inference.evaluation_set import build_labelled_test_set
from ....visualization.samples import Sample
from ...records.provenance import describe_data
from ..grouping import Group
from ..result import Result
from .predictions import (
    IGNORED,
    Predicted,
    TestImages,
    evaluation_config,
    predict,
)

# images looked at for each that is shown
LOOKED_AT = 3


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
    predictions: dict[str, list[Predicted]] = {}
    notes: list[str] = []
    for name, result in chosen.items():
        try:
            predictions[name] = predict(result, images, cfg)
        except (UserError, OSError, ValueError, RuntimeError) as error:
            notes.append(f'{name}: no predictions among the samples: {error}')
    if not predictions:
        return [], notes
    seeds = {name: chosen[name].seed for name in predictions}
    shown = ', '.join(f'{name} (seed {seeds[name]})' for name in seeds)
    same = {*seeds.values()}
    if len(seeds) > 1 and len(same) == 1 and None not in same:
        shown = f'seed {same.pop()}'
    labels = [images.label(i) for i in range(len(images.files))]
    maps = [[p.labels for p in method] for method in predictions.values()]
    kept = most_different(maps, labels, count)
    notes.append(
        f'samples are of {shown}; the {len(kept)} in which they differ most '
        f'of {len(images.files)} that were looked at'
    )
    samples = [
        Sample(
            Path(images.files[i]).name,
            mmcv.imread(images.files[i], channel_order='rgb'),
            labels[i],
            {name: found[i].labels for name, found in predictions.items()},
            images.segments(i),
            {
                name: found[i].segments
                for name, found in predictions.items()
                if found[i].segments is not None
            },
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
