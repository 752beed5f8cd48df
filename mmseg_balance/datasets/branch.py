"""One domain of a pair: its data sets as one sequence of samples."""

from bisect import bisect_right
from itertools import accumulate
from typing import Any

from mmengine.dataset import BaseDataset, ConcatDataset

from .split_pipeline import SplitPipeline


def leaf_datasets(
    dataset: BaseDataset | ConcatDataset, name: str
) -> list[BaseDataset]:
    """The data sets with files of their own.

    Args:
        dataset: A data set, or several in a ``ConcatDataset``.
        name: Key of the data set, for the message.

    Returns:
        Them, in the order of their samples.

    Raises:
        TypeError: A data set of another kind; names it.
    """
    if isinstance(dataset, ConcatDataset):
        inner = (leaf_datasets(child, name) for child in dataset.datasets)
        return [leaf for leaves in inner for leaf in leaves]
    if isinstance(dataset, BaseDataset):
        return [dataset]
    raise TypeError(
        f'{name} is a {type(dataset).__name__}, expected a data set of '
        'MMSegmentation (a subclass of BaseSegDataset) or a ConcatDataset of '
        'such'
    )


class Branch:
    """Samples of one domain.

    Args:
        dataset: Fully initialised data set, or several in a
            ``ConcatDataset``.
        name: 'source' or 'target', for messages.

    Attributes:
        name (str): See above.
        parts (list[SplitPipeline]): The data sets with files of their own.
        max_refetch (int): How often another sample may be taken where a
            pipeline returns None.
    """

    def __init__(
        self, dataset: BaseDataset | ConcatDataset, name: str
    ) -> None:
        self.name = name
        leaves = leaf_datasets(dataset, name)
        self.parts = [SplitPipeline(leaf, name) for leaf in leaves]
        self.max_refetch = max(leaf.max_refetch for leaf in leaves)
        self._ends = list(accumulate(len(part) for part in self.parts))

    def __len__(self) -> int:
        return self._ends[-1]

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
        index = int(index) % len(self)
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
