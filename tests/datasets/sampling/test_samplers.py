import pickle
from itertools import islice

import numpy as np
import pytest
from mmseg.registry import DATA_SAMPLERS
from torch.utils.data import DataLoader

from mmseg_balance.datasets import Draw, ResumableInfiniteSampler
from mmseg_balance.datasets.sampling import samplers
from mmseg_balance.datasets.seeding import hash_seed


def draws(sampler, count):
    return [(int(d), d.seed) for d in islice(sampler, count)]


def sampler_of_rank(monkeypatch, rank, world_size, size=7, **kwargs):
    monkeypatch.setattr(samplers, 'get_dist_info', lambda: (rank, world_size))
    return ResumableInfiniteSampler(range(size), seed=3, **kwargs)


def test_each_epoch_is_a_permutation_of_its_own():
    taken = draws(ResumableInfiniteSampler(range(50), seed=3), 150)
    epochs = [[i for i, _ in taken[e : e + 50]] for e in (0, 50, 100)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(50))
    assert epochs[0] != epochs[1] != epochs[2] != list(range(50))
    assert len({seed for _, seed in taken}) == 150


def test_order_is_kept_without_shuffle():
    sampler = ResumableInfiniteSampler(range(3), shuffle=False, seed=0)
    assert [i for i, _ in draws(sampler, 7)] == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize('start', [0, 1, 6, 7, 8, 1000])
def test_start_at_continues_exactly(start):
    sampler = ResumableInfiniteSampler(range(7), seed=3)
    whole = draws(sampler, start + 20)
    resumed = ResumableInfiniteSampler(range(7), seed=3)
    resumed.start_at(start)
    assert draws(resumed, 20) == whole[start:]
    # each iterator begins anew
    assert draws(resumed, 20) == whole[start:]


def test_ranks_share_the_draws_of_one_process(monkeypatch):
    one = draws(sampler_of_rank(monkeypatch, 0, 1), 60)
    ranks = []
    for rank in range(3):
        sampler = sampler_of_rank(monkeypatch, rank, 3)
        sampler.start_at(2)
        ranks.append(draws(sampler, 18))
    for rank, taken in enumerate(ranks):
        assert taken == one[6 + rank :: 3][:18]
    assert not set(ranks[0]) & set(ranks[1])


def test_seed_changes_order_and_draw_seeds():
    a, b = (
        draws(ResumableInfiniteSampler(range(50), seed=s), 50) for s in (0, 1)
    )
    assert [i for i, _ in a] != [i for i, _ in b]
    assert not {s for _, s in a} & {s for _, s in b}


def test_draw_is_an_index_and_survives_pickling():
    draw = Draw(2, seed=2**62 + 1)
    assert 'abc'[draw] == 'c'
    assert np.arange(3)[draw] == 2
    copy = pickle.loads(pickle.dumps(draw))
    assert (copy, copy.seed, type(copy)) == (2, 2**62 + 1, Draw)


def test_any_data_set_can_be_sampled_through_a_data_loader():
    sampler = DATA_SAMPLERS.build(
        dict(type='ResumableInfiniteSampler'),
        default_args=dict(dataset=range(5), seed=1),
    )
    loader = DataLoader([10, 11, 12, 13, 14], batch_size=5, sampler=sampler)
    batch = next(iter(loader))
    assert sorted(batch.tolist()) == [10, 11, 12, 13, 14]


def test_bad_arguments():
    with pytest.raises(ValueError, match='list: it has no samples'):
        ResumableInfiniteSampler([])
    with pytest.raises(ValueError, match='draws_per_rank >= 0, found -1'):
        ResumableInfiniteSampler(range(2)).start_at(-1)


def test_hash_seed_tells_streams_and_numbers_apart():
    numbers = [
        (s, *n)
        for s in ('draw', 'iteration')
        for n in ((0, 0), (0, 1), (1, 0), (2**40, 1))
    ]
    seeds = [hash_seed(*n) for n in numbers]
    assert len(set(seeds)) == len(seeds)
    assert seeds == [hash_seed(*n) for n in numbers]
    assert all(0 <= s < 2**63 for s in seeds)
