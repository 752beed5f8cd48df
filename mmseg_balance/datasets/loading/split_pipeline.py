"""A data set's pipeline in two parts, with errors that name the file."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from .bad_files import BadFileError
from .label_range import LabelRange, check_label_size
from .named_files import load_named
from .transform_kinds import (
    crop_size,
    is_image_loader,
    is_label_loader,
    is_loader,
    place_of_crop,
    possible_crops,
)


class SplitPipeline:
    """Loads samples of one data set, and finishes them in a second step.

    The pipeline is cut before the transform that crops: :meth:`load` runs
    what comes before, :meth:`finish` the rest, as often as wanted for one
    image that was decoded once.

    Args:
        dataset: Data set with ``get_data_info`` and a ``pipeline``.
        name: Key of the data set, for messages.
        skips_bad: Whether bad files are left out.
        split_before: Name of the transform that crops. None: the first that
            is known as a crop, see ``is_crop``.

    Raises:
        ValueError: No transform behind those that load is named
            ``split_before``.

    Attributes:
        dataset (BaseDataset): The data set.
        name (str): Its key.
        can_crop (bool): Whether there is a second part.
        possible_crops (list[str]): Where there is none, transforms that might
            crop, for all that is known of them.
        crop_size (tuple[int, int] | None): Height and width of what it gives,
            where a known crop says so.
        loaders (list[Callable]): The transforms that read files.
        annotations (Callable | None): The transform that reads labels.
        image_loader (Callable | None): The transform that reads images.
        labels (LabelRange): The label values that are allowed.
    """

    def __init__(
        self,
        dataset: BaseDataset,
        name: str,
        skips_bad: bool = False,
        split_before: str | None = None,
    ) -> None:
        self.dataset = dataset
        self.name = name
        self.skips_bad = skips_bad
        self.bad: dict[int, str] = {}
        self.labels = LabelRange.of(dataset)
        transforms = dataset.pipeline.transforms
        cut = place_of_crop(transforms, split_before, f'{name}.pipeline')
        self._first, self._second = transforms[:cut], transforms[cut:]
        self.can_crop = cut < len(transforms)
        self.loaders = [t for t in transforms if is_loader(t)]
        self.possible_crops = (
            [] if self.can_crop else possible_crops(transforms)
        )
        self.crop_size = crop_size(transforms)
        self._label_loaders = [t for t in transforms if is_label_loader(t)]
        self.annotations = next(iter(self._label_loaders), None)
        self.image_loader = next(
            (t for t in transforms if is_image_loader(t)), None
        )
        # what samples begin with, beside what the data set says of them
        self.given: Callable[[], dict[str, Any]] = dict
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
        info = self.dataset.get_data_info(index)
        return self._run(self._first, {**info, **self.given()})

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

    def crop(
        self, index: int, class_id: int, min_pixels: float, max_more: int
    ) -> Any:
        """Read one sample, and crop it until a class is in the crop.

        Args:
            index: Index into the data set.
            class_id: The class.
            min_pixels: What its pixels in the crop have to exceed; 0 takes
                every first crop.
            max_more: Further crops of the image; the last is kept in any
                case.

        Returns:
            What the pipeline returned; None where it gave up on the sample.

        Raises:
            OSError, ValueError: As :meth:`load`.
        """
        results = self.load(index)
        if results is None:
            return None
        if min_pixels <= 0 or not self.can_crop:
            return self.finish(results)
        kept = None
        for _ in range(max_more + 1):
            # a copy, as transforms may write into what they are given
            packed = self.finish(copy.deepcopy(results))
            if packed is None:
                continue
            kept = packed
            label = packed['data_samples'].gt_sem_seg.data
            if int((label == class_id).sum()) > min_pixels:
                break
        return kept

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
            run = self._load if transform in self.loaders else _call
            results = run(transform, results)
            if results is None:
                return None
        return results

    def _load(self, transform: Callable, results: dict) -> dict | None:
        is_label = transform in self._label_loaders
        had_both = _has_both(results)
        path = results.get('seg_map_path')
        loaded = load_named(transform, results, self.name)
        if is_label and loaded is not None and 'gt_seg_map' in loaded:
            self.labels.check(loaded['gt_seg_map'], path, self.name)
        if loaded is not None and _has_both(loaded) and not had_both:
            check_label_size(loaded, self.dataset, self.name)
        return loaded


def _has_both(results: dict) -> bool:
    return 'img' in results and 'gt_seg_map' in results


def _call(transform: Callable, results: dict) -> Any:
    return transform(results)
