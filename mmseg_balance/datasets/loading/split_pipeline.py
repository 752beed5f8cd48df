"""A data set's pipeline in two parts, with errors that name the file."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from ...errors import UserValueError
from ..files.image_pairs import exif_orientation
from ..files.label_range import LabelRange
from .bad_files import BadFileError, WrongLabelError
from .named_files import (
    is_image_loader,
    is_label_loader,
    is_loader,
    load_named,
)
from .preparation import size_advice


class SplitPipeline:
    """Loads samples of one data set, and finishes them in a second step.

    The pipeline is cut before its first transform whose class has "Crop" in
    its name: :meth:`load` runs what comes before, :meth:`finish` the rest, as
    often as wanted for one image that was decoded once.

    Args:
        dataset: Data set with ``get_data_info`` and a ``pipeline``.
        name: Key of the data set, for messages.

    Raises:
        ValueError: Data set and pipeline differ in ``reduce_zero_label``.

    Attributes:
        dataset (BaseDataset): The data set.
        name (str): Its key.
        can_crop (bool): Whether there is a second part.
        loaders (list[Callable]): The transforms that read files.
        annotations (Callable | None): The transform that reads labels.
        image_loader (Callable | None): The transform that reads images.
        labels (LabelRange): The label values that are allowed.
    """

    def __init__(
        self, dataset: BaseDataset, name: str, skips_bad: bool = False
    ) -> None:
        self.dataset = dataset
        self.name = name
        self.skips_bad = skips_bad
        self.bad: dict[int, str] = {}
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
        self.loaders = [t for t in transforms if is_loader(t)]
        self.annotations = next(
            (t for t in transforms if is_label_loader(type(t).__name__)), None
        )
        self.image_loader = next(
            (t for t in transforms if is_image_loader(t)), None
        )
        self._counts: dict[int, np.ndarray | None] = {}
        self._check_reduce_zero_label()

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

    def read(self, index: int) -> dict | None:
        """Read the files of one sample and check them, without the rest.

        Args:
            index: Index into the data set.

        Returns:
            What the transforms that load returned; None where one gave up.

        Raises:
            OSError, ValueError: As :meth:`load`.
        """
        return self._run(self.loaders, self.dataset.get_data_info(index))

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
            the transform gave up on the sample, or its file is bad and left
            out.

        Raises:
            OSError: The file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes.
        """
        if index not in self._counts:
            info = self.dataset.get_data_info(index)
            try:
                loaded = self._load(self.annotations, info) or {}
            except BadFileError as error:
                self.note_bad(index, error)
                loaded = {}
            label = loaded.get('gt_seg_map')
            self._counts[index] = (
                None if label is None else self.labels.count(label)
            )
        return self._counts[index]

    def note_bad(self, index: int, error: BadFileError) -> None:
        """Note a bad file where such are left out, or else raise its error.

        Args:
            index: Index into the data set.
            error: What reading it raised.
        """
        if not self.skips_bad:
            raise error
        self.bad[index] = str(error)

    def _run(self, transforms: Sequence[Callable], results: dict) -> Any:
        for transform in transforms:
            run = self._load if is_loader(transform) else _call
            results = run(transform, results)
            if results is None:
                return None
        return results

    def _load(self, transform: Callable, results: dict) -> dict | None:
        is_label = is_label_loader(type(transform).__name__)
        had_both = _has_both(results)
        path = results.get('seg_map_path')
        loaded = load_named(transform, results, self.name)
        if is_label and loaded is not None and 'gt_seg_map' in loaded:
            try:
                self.labels.check(loaded['gt_seg_map'], path, self.name)
            except ValueError as error:
                raise WrongLabelError(str(error)) from error
        if loaded is not None and _has_both(loaded) and not had_both:
            self._check_size(loaded)
        return loaded

    def _check_reduce_zero_label(self) -> None:
        """Refuse what LoadAnnotations asserts, and say whose key it is."""
        loading = getattr(self.annotations, 'reduce_zero_label', None)
        if loading is None or loading == self.labels.reduce_zero_label:
            return
        raise UserValueError(
            f'{self.name}.reduce_zero_label is '
            f'{self.labels.reduce_zero_label}, and '
            f'{type(self.annotations).__name__} in its pipeline has '
            f'reduce_zero_label={loading}: leave the key away there, and set '
            f'{self.name}.reduce_zero_label=True where 0 stands for '
            'unlabelled pixels in the files and the classes begin at 1, False '
            'where 0 is the first class'
        )

    def _check_size(self, results: dict) -> None:
        # the image itself may have been resized before the label is loaded
        shape = results.get('ori_shape') or results['img'].shape
        height, width = shape[:2]
        label = results['gt_seg_map']
        if label.ndim == 2 and label.shape != (height, width):
            raise WrongLabelError(
                f'{self.name} label {results.get("seg_map_path")} has '
                f'{label.shape[1]} x {label.shape[0]} pixels, and its image '
                f'{results.get("img_path")} {width} x {height} (width x '
                f'height): {self._size_advice(results, label.shape)}'
            )

    def _size_advice(self, results: dict, shape: tuple[int, int]) -> str:
        turned = exif_orientation(results.get('img_path'))
        height, width = results['img'].shape[:2]
        if turned > 4 and shape == (width, height):
            return (
                f'the EXIF tag of the image turns it (orientation {turned}) '
                "and not its label; color_type='color_ignore_orientation' of "
                'LoadImageFromFile leaves it as it is'
            )
        return (
            'give both the same size, or set data_prefix to the folders that '
            f'belong together{size_advice(self.dataset)}'
        )


def _has_both(results: dict) -> bool:
    return 'img' in results and 'gt_seg_map' in results


def _call(transform: Callable, results: dict) -> Any:
    return transform(results)
