"""One domain of a pair: its data sets as one sequence of samples."""

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np
from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)

from ...errors import UserTypeError
from .split_pipeline import SplitPipeline


def leaf_datasets(dataset: Any, name: str) -> list[BaseDataset]:
    """The data sets with files of their own.

    Args:
        dataset: A data set, or such in a ``ConcatDataset``,
            ``RepeatDataset`` or ``ClassBalancedDataset``.
        name: Key of the data set, for the message.

    Returns:
        Them, in the order of their samples.

    Raises:
        TypeError: A data set of another kind; names it.
    """
    if isinstance(dataset, ConcatDataset):
        inner = (leaf_datasets(child, name) for child in dataset.datasets)
        return [leaf for leaves in inner for leaf in leaves]
    if isinstance(dataset, (RepeatDataset, ClassBalancedDataset)):
        return leaf_datasets(dataset.dataset, name)
    if isinstance(dataset, BaseDataset):
        return [dataset]
    raise UserTypeError(
        f'{name} is a {type(dataset).__name__}, expected a data set of '
        'MMSegmentation (a subclass of BaseSegDataset), or a ConcatDataset, '
        'RepeatDataset or ClassBalancedDataset of such'
    )


def sample_order(dataset: Any) -> np.ndarray:
    """Which file each sample of a data set is.

    Args:
        dataset: Fully initialised data set that :func:`leaf_datasets` takes.

    Returns:
        int64 (N,): for each of its N samples the position among the files of
        its leaves, one leaf after the other.
    """
    if isinstance(dataset, ConcatDataset):
        orders, begin = [], 0
        for child in dataset.datasets:
            orders.append(sample_order(child) + begin)
            begin += sum(map(len, leaf_datasets(child, '')))
        return np.concatenate(orders)
    if isinstance(dataset, RepeatDataset):
        return np.tile(sample_order(dataset.dataset), dataset.times)
    if isinstance(dataset, ClassBalancedDataset):
        repeats = np.asarray(dataset.repeat_indices, dtype=np.int64)
        return sample_order(dataset.dataset)[repeats]
    return np.arange(len(dataset))


class Branch:
    """Samples of one domain.

    Args:
        dataset: Fully initialised data set, or a wrapper of such that
            :func:`leaf_datasets` takes.
        name: 'source' or 'target', for messages.
        skips_bad: Whether bad files are left out; see
            :class:`SplitPipeline`.

    Attributes:
        name (str): See above.
        parts (list[SplitPipeline]): The data sets with files of their own.
        order (np.ndarray): The file of each sample; see
            :func:`sample_order`.
        max_refetch (int): How often another sample may be taken where a
            pipeline returns None.
    """

    def __init__(
        self, dataset: Any, name: str, skips_bad: bool = False
    ) -> None:
        self.name = name
        leaves = leaf_datasets(dataset, name)
        self.parts = [SplitPipeline(leaf, name, skips_bad) for leaf in leaves]
        self.max_refetch = max(leaf.max_refetch for leaf in leaves)
        self.order = sample_order(dataset)
        self._ends = list(accumulate(len(part) for part in self.parts))

    def __len__(self) -> int:
        return len(self.order)

    def locate(self, index: int) -> tuple[SplitPipeline, int]:
        """Find the data set of a sample.

        Args:
            index: Index into the branch; negative ones count from the end.

        Returns:
            The data set, and the index into it.

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
            index: Index into the branch.

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
