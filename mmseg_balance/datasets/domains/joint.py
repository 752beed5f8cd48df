"""Several domains, or data sets, as one."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from mmengine.dataset import ConcatDataset

from ...errors import UserValueError
from ..loading.split_pipeline import SplitPipeline
from .domain import Domain


class JoinedDatasets(ConcatDataset):
    """Data sets one after the other, wrapped ones among them.

    mmengine's own refuses wrappers that are built already, and data sets
    whose ``metainfo`` differs, as label maps and palettes may.

    Args:
        datasets: The data sets, of the same classes; ``metainfo`` is that of
            the first.
    """

    def __init__(self, datasets: Sequence[Any]) -> None:
        self.datasets = list(datasets)
        self.ignore_keys = []
        self._metainfo = self.datasets[0].metainfo
        self._fully_initialized = False


class JointDomain(Domain):
    """The samples of several domains, one domain after the other.

    Args:
        domains: The domains.
        name: Key of all of them together, for messages.

    Attributes:
        domains (list[Domain]): The domains.
        probs (np.ndarray | None): Probability of each domain in each phase
            of a training, (P, D). None: each sample comes equally often.
    """

    def __init__(self, domains: Sequence[Domain], name: str) -> None:
        self.domains = list(domains)
        self.probs: np.ndarray | None = None
        super().__init__(
            JoinedDatasets([domain.dataset for domain in domains]),
            name,
            any(domain.skips_bad for domain in domains),
        )

    def _split(self) -> list[SplitPipeline]:
        return [part for domain in self.domains for part in domain.parts]

    def check(self, needs_labels: bool = False) -> None:
        """Check each of them; see :meth:`Domain.check`.

        Args:
            needs_labels: Whether they have to load labels.
        """
        for domain in self.domains:
            domain.check(needs_labels)
        self.dataset.full_init()
        self.parts = self._split()
        orders, begin = [], 0
        for domain in self.domains:
            orders.append(domain.order + begin)
            begin += sum(map(len, domain.parts))
        self.order = np.concatenate(orders)

    def domain_of(self, index: int) -> tuple[int, int]:
        """The domain of a sample, and the index into it.

        Args:
            index: Index into all of them; negative ones count from the end.

        Raises:
            IndexError: There is no such sample.
        """
        self.locate(index)
        index = int(index) % len(self)
        ends = list(accumulate(map(len, self.domains)))
        i = bisect_right(ends, index)
        return i, index - (ends[i - 1] if i else 0)

    def class_pixels(
        self, wanted_by: str, stats_dir: str | None = None
    ) -> np.ndarray:
        """Pixels of each class in each sample; see ``Domain.class_pixels``.

        Args:
            wanted_by: What has the key ``stats_dir``, for messages.
            stats_dir: Folder of the statistics of all of them.

        Returns:
            int64 array (N, C).
        """
        return np.concatenate(
            [d.class_pixels(wanted_by, stats_dir) for d in self.domains]
        )

    def sample_weights(self) -> np.ndarray | None:
        """How often each sample is drawn; see ``Domain.sample_weights``.

        Returns:
            Float (N,), or None.

        Raises:
            ValueError: It changes in the course of the training.
        """
        if self.probs is None:
            return None
        if len(self.probs) > 1:
            raise UserValueError(
                'progressive: the sources take turns, so that there is no one '
                'share of each class in their labels. Losses that need it can '
                "count what is drawn (counts='online') or be given numbers"
            )
        sizes = np.array([len(domain) for domain in self.domains])
        return np.repeat(self.probs[0] * sizes.sum() / sizes, sizes)
