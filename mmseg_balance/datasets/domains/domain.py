"""One domain: it checks, loads, crops and counts its own samples."""

from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from mmengine.dataset import ClassBalancedDataset

from ...errors import UserValueError
from ..checks.folder_checks import check_folders, check_samples
from ..checks.image_labels import check_label_kind, how_to_load_labels
from ..class_statistics.counting import count_classes_of_samples
from ..loading.leaves import keyed_datasets, leaf_datasets, sample_order
from ..loading.split_pipeline import SplitPipeline
from .balanced import balance
from .drawing import DrawnSamples


class Domain(DrawnSamples):
    """Samples of one domain.

    Args:
        dataset: Data set, or a wrapper of such that :func:`leaf_datasets`
            takes. Unless its files are listed already, :meth:`check` is
            called before any sample is asked for.
        name: 'source' or 'target', for messages.
        skips_bad: Whether bad files are left out, and another sample is
            drawn in the place of one that is bad.
        split_before: See :class:`SplitPipeline`.
        stats_dir: Folder of the class statistics; by default the
            ``data_root`` of each data set.
        keep: Is given the data set once the files of its parts are listed,
            and may leave some of them out.

    Attributes:
        parts (list[SplitPipeline]): The data sets with files of their own.
        max_refetch (int): How often another sample may be taken where a
            pipeline returns None.

    Raises:
        TypeError: A data set of another kind.
        ValueError: A pipeline cannot be cut; see :class:`SplitPipeline`.
    """

    def __init__(
        self,
        dataset: Any,
        name: str,
        skips_bad: bool = False,
        split_before: str | None = None,
        stats_dir: str | None = None,
        keep: Callable[[Any], None] | None = None,
    ) -> None:
        self.dataset = dataset
        self.name = name
        self.skips_bad = skips_bad
        self.split_before = split_before
        self.stats_dir = stats_dir
        self.keep = keep
        self.parts = self._split()
        self.max_refetch = max(p.dataset.max_refetch for p in self.parts)

    def _split(self) -> list[SplitPipeline]:
        return [
            SplitPipeline(leaf, self.name, self.skips_bad, self.split_before)
            for leaf in leaf_datasets(self.dataset, self.name)
        ]

    @cached_property
    def order(self) -> np.ndarray:
        """The file of each sample; see :func:`sample_order`."""
        return sample_order(self.dataset)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(len(part) for part in self.parts))

    def check(self, needs_labels: bool = False) -> None:
        """List the files, and refuse what the pipeline could not read.

        Args:
            needs_labels: Whether it has to load labels.

        Raises:
            FileNotFoundError: Folders, files or class statistics are
                missing; names them and how they are made.
            OSError, ValueError: See :func:`check_samples`; or it loads no
                labels.
        """
        for part in self._split():
            with_labels = part.annotations is not None
            if needs_labels and not with_labels:
                raise UserValueError(
                    f'{self.name}.pipeline loads no labels: put '
                    + how_to_load_labels(part.dataset)
                )
            check_label_kind(part)
            check_folders(part.dataset, self.name, with_labels)
            part.dataset.full_init()
            for transform in part.dataset.pipeline.transforms:
                # a transform may know what it needs of data set and pipeline
                if hasattr(transform, 'check_dataset'):
                    transform.check_dataset(part.dataset, self.name)
        if self.keep is not None:
            self.keep(self.dataset)
        wrappers = [part for _, part in keyed_datasets(self.dataset, '')]
        for wrapper in reversed(wrappers):
            if isinstance(wrapper, ClassBalancedDataset):
                balance(wrapper, self.name, self.stats_dir)
            wrapper.full_init()
        # until its files are listed a data set may change, as its pipeline
        self.parts = self._split()
        self.order = sample_order(self.dataset)
        for part in self.parts:
            if self.keep is None or len(part):
                check_samples(part)

    def __len__(self) -> int:
        return len(self.order)

    def locate(self, index: int) -> tuple[SplitPipeline, int]:
        """The data set of a sample, and the index into it.

        Args:
            index: Index into the domain; negative ones count from the end.

        Raises:
            IndexError: There is no such sample.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(
                f'{self.name} has {len(self)} samples, found index {index}'
            )
        index = int(self.order[index])
        p = bisect_right(self._ends, index)
        part = self.parts[p]
        return part, index - self._ends[p] + len(part)

    def __getitem__(self, index: int) -> Any:
        """Read a sample and run its whole pipeline.

        Args:
            index: Index into the domain.

        Returns:
            What the pipeline returns; None where it gave up on the sample.

        Raises:
            OSError: A file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes, or a label has
                another size than its image.
        """
        part, local = self.locate(index)
        results = part.load(local)
        return None if results is None else part.finish(results)

    def crop(
        self, index: int, class_id: int, min_pixels: float, max_more: int
    ) -> Any:
        """Read a sample once, and crop it until a class is in the crop.

        Args:
            index: Index into the domain.
            class_id: The class.
            min_pixels: What its pixels in the crop have to exceed.
            max_more: Further crops; the last is kept in any case.

        Returns:
            As for ``domain[index]``.
        """
        part, local = self.locate(index)
        return part.crop(local, class_id, min_pixels, max_more)

    def count(self, index: int) -> np.ndarray | None:
        """Pixels of each class in the label of a sample, which is read.

        Args:
            index: Index into the domain.

        Returns:
            int64 (C,); see :meth:`SplitPipeline.count_label`.
        """
        part, local = self.locate(index)
        return part.count_label(local)

    def class_pixels(
        self, wanted_by: str, stats_dir: str | None = None
    ) -> np.ndarray:
        """Pixels of each class in each sample, by the class statistics.

        Args:
            wanted_by: What has the key ``stats_dir``, for messages.
            stats_dir: Folder of the statistics; by default the domain's.

        Returns:
            int64 array (N, C); see :func:`count_classes_of_samples`.
        """
        return count_classes_of_samples(
            self.parts, self.order, stats_dir or self.stats_dir, wanted_by
        )

    def sample_weights(self) -> np.ndarray | None:
        """How often each sample is drawn, 1 on average.

        Returns:
            Float (N,); None where all come equally often.
        """
        return None


Branch = Domain  # its name in 0.1.0
