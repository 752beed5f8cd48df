"""A data set's pipeline in two parts, with errors that name the file."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from .label_range import LabelRange


def is_label_loader(name: str) -> bool:
    """Whether a transform reads label files.

    Args:
        name: Name of its class.

    Returns:
        True for mmseg's ``LoadAnnotations`` and others named like it.
    """
    return name.startswith('Load') and 'Annotation' in name


class SplitPipeline:
    """Loads samples of one data set, and finishes them in a second step.

    The pipeline is cut before its first transform whose class has "Crop" in
    its name: :meth:`load` runs what comes before, :meth:`finish` the rest, as
    often as wanted for one image that was decoded once.

    Args:
        dataset: Data set with ``get_data_info`` and a ``pipeline``.
        name: Key of the data set, for messages.

    Attributes:
        dataset (BaseDataset): The data set.
        name (str): Its key.
        can_crop (bool): Whether there is a second part.
        annotations (Callable | None): The transform that reads labels.
        labels (LabelRange): The label values that are allowed.
    """

    def __init__(self, dataset: BaseDataset, name: str) -> None:
        self.dataset = dataset
        self.name = name
        self.labels = LabelRange.of(dataset)
        transforms = dataset.pipeline.transforms
        cut = next(
            (
                i
                for i, transform in enumerate(transforms)
                if 'Crop' in type(transform).__name__
            ),
            len(transforms),
        )
        self._first, self._second = transforms[:cut], transforms[cut:]
        self.can_crop = cut < len(transforms)
        self.annotations = next(
            (t for t in transforms if is_label_loader(type(t).__name__)), None
        )
        self._counts: dict[int, np.ndarray | None] = {}

    def __len__(self) -> int:
        return len(self.dataset)

    def load(self, index: int) -> dict | None:
        """Read one sample and run the transforms before the crop.

        Args:
            index: Index into the data set.

        Returns:
            The results so far; None where a transform gave up on the sample.

        Raises:
            OSError: A file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes, or the label
                has another size than its image; names the files.
        """
        return self._run(self._first, self.dataset.get_data_info(index))

    def finish(self, results: dict) -> Any:
        """Run the transforms from the crop on.

        Args:
            results: What :meth:`load` returned; a copy where it is needed
                again.

        Returns:
            What the pipeline returns, a dict of ``inputs`` and
            ``data_samples`` as a rule; None where a transform gave up.
        """
        return self._run(self._second, results)

    def count_label(self, index: int) -> np.ndarray | None:
        """Read the label of one sample alone, once, and check its values.

        Args:
            index: Index into the data set.

        Returns:
            Pixels of each class that are not ignored, int64 (C,); None where
            the transform gave up on the sample.

        Raises:
            OSError: The file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes.
        """
        if index not in self._counts:
            info = self.dataset.get_data_info(index)
            loaded = self._load(self.annotations, info) or {}
            label = loaded.get('gt_seg_map')
            self._counts[index] = (
                None if label is None else self.labels.count(label)
            )
        return self._counts[index]

    def _run(self, transforms: Sequence[Callable], results: dict) -> Any:
        for transform in transforms:
            is_loading = type(transform).__name__.startswith('Load')
            run = self._load if is_loading else _call
            results = run(transform, results)
            if results is None:
                return None
        return results

    def _load(self, transform: Callable, results: dict) -> dict | None:
        is_label = is_label_loader(type(transform).__name__)
        path = results.get('seg_map_path' if is_label else 'img_path')
        had_both = _has_both(results)
        try:
            loaded = transform(results)
        except Exception as error:
            raise OSError(
                f'{self.name} {"label" if is_label else "image"} {path} '
                'cannot be read or decoded '
                f'({type(error).__name__}: {error}); replace the file, or '
                'take it out of the data set'
            ) from error
        if is_label and loaded is not None and 'gt_seg_map' in loaded:
            self.labels.check(loaded['gt_seg_map'], path, self.name)
        if loaded is not None and _has_both(loaded) and not had_both:
            self._check_size(loaded)
        return loaded

    def _check_size(self, results: dict) -> None:
        # the image itself may have been resized before the label is loaded
        shape = results.get('ori_shape') or results['img'].shape
        height, width = shape[:2]
        label = results['gt_seg_map']
        if label.ndim == 2 and label.shape != (height, width):
            raise ValueError(
                f'{self.name} label {results.get("seg_map_path")} has '
                f'{label.shape[1]} x {label.shape[0]} pixels, and its image '
                f'{results.get("img_path")} {width} x {height} (width x '
                'height): give both the same size, or set data_prefix to the '
                'folders that belong together'
            )


def _has_both(results: dict) -> bool:
    return 'img' in results and 'gt_seg_map' in results


def _call(transform: Callable, results: dict) -> Any:
    return transform(results)
