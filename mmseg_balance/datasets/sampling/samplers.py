"""Sampling that can be continued at any iteration."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from mmseg.registry import DATA_SAMPLERS
from torch.utils.data import DataLoader, Sampler

from ...errors import UserValueError
from ..seeding import hash_seed


class Draw(int):
    """An index into a data set, with the seed of what is drawn for it.

    Every data set takes it for the index that it is;
    :class:`~mmseg_balance.datasets.UDADataset` seeds its partner and its
    augmentation from it as well.

    Args:
        index: Index into the data set.
        seed: Seed of this draw, below 2 ** 63.
        iteration: Of the training that the draw is for, from 0; None where
            it is not known.

    Attributes:
        seed (int): Seed of this draw.
        iteration (int | None): See above.
    """

    def __new__(
        cls, index: int, seed: int, iteration: int | None = None
    ) -> 'Draw':
        """Make an integer that carries a seed."""
        draw = super().__new__(cls, index)
        draw.seed = seed
        draw.iteration = iteration
        return draw

    def __getnewargs__(self) -> tuple[int, int, int | None]:
        return int(self), self.seed, self.iteration

    def __repr__(self) -> str:
        where = '' if self.iteration is None else f', {self.iteration}'
        return f'Draw(index={int(self)}, seed={self.seed}{where})'


@DATA_SAMPLERS.register_module()
class ResumableInfiniteSampler(Sampler):
    """Endless permutations of a data set, shared by all ranks.

    Draws are numbered 0, 1, 2, ... over all ranks; with W ranks, rank r takes
    r, r + W, r + 2 W, ... Draw k of a set of n samples is entry k mod n of
    the permutation of epoch k div n. Permutations and the seeds of the draws
    are functions of the sampler's seed and of k alone, so that
    :meth:`start_at` costs nothing and ranks never take the same draw.

    Args:
        dataset: The data set.
        shuffle: Whether to permute it; otherwise its order is kept.
        seed: Seed, equal on all ranks; mmengine passes the runner's. None
            draws one and shares it.

    Attributes:
        seed (int): May be set before iterating.
        batch_size (int | None): Draws of a rank in an iteration, from which
            draws know theirs; :func:`tell_batch_size` sets it.

    Raises:
        ValueError: The data set is empty.
    """

    def __init__(
        self, dataset: Sized, shuffle: bool = True, seed: int | None = None
    ) -> None:
        if len(dataset) == 0:
            raise UserValueError(
                f'cannot draw from {type(dataset).__name__}: it has no samples'
            )
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.size = len(dataset)
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.batch_size: int | None = None
        self._start = 0

    def start_at(self, draws_per_rank: int) -> None:
        """Let the next iterator continue after earlier draws.

        Args:
            draws_per_rank: Number of draws that each rank has taken since
                the beginning of the run.

        Raises:
            ValueError: The number is negative.
        """
        if draws_per_rank < 0:
            raise UserValueError(
                f'expected draws_per_rank >= 0, found {draws_per_rank}'
            )
        self._start = draws_per_rank

    def __iter__(self) -> Iterator[Draw]:
        """Yield the draws of this rank, without end."""
        k = self._start * self.world_size + self.rank
        epoch, order = None, None
        while True:
            if k // self.size != epoch:
                epoch = k // self.size
                order = self._order(epoch)
            index = int(order[k % self.size])
            per_iteration = (self.batch_size or 0) * self.world_size
            iteration = k // per_iteration if per_iteration else None
            yield Draw(index, hash_seed('draw', self.seed, k), iteration)
            k += self.world_size

    def __len__(self) -> int:
        """Length of the data set."""
        return self.size

    def set_epoch(self, epoch: int) -> None:
        """Do nothing; the epochs follow from the number of draws."""

    def _order(self, epoch: int) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.size)
        seed = hash_seed('permutation', self.seed, epoch)
        return np.random.default_rng(seed).permutation(self.size)


def tell_batch_size(loader: DataLoader) -> None:
    """Let the draws of a loader know the iteration that they are for.

    Args:
        loader: Data loader; one with another sampler is left as it is.
    """
    sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
    if isinstance(sampler, ResumableInfiniteSampler):
        batch_size = getattr(loader.batch_sampler, 'batch_size', 1)
        sampler.batch_size = batch_size
