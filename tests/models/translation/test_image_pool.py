"""The pool of earlier translations."""

import os

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from torch import distributed, multiprocessing

from mmseg_balance.models.translation.image_pool import ImagePool


def image(value):
    return torch.full((3, 2, 2), float(value))


def values(images):
    return [int(x[0, 0, 0]) for x in images]


def exchanged(kept, size, new, coins, places):
    """As the paper says it, on numbers."""
    shown = []
    for value, coin, place in zip(new, coins, places, strict=True):
        if len(kept) < size:
            kept.append(value)
            shown.append(value)
        elif coin > 0.5:
            shown.append(kept[place])
            kept[place] = value
        else:
            shown.append(value)
    return shown


def test_half_of_the_images_are_earlier_ones():
    pool, kept = ImagePool(4, (2, 2)), []
    earlier = 0
    for step in range(100):
        new = [2 * step, 2 * step + 1]
        torch.manual_seed(step)
        coins, places = torch.rand(2).tolist(), torch.randint(4, (2,)).tolist()
        wanted = exchanged(kept, 4, new, coins, places)
        torch.manual_seed(step)
        shown = values(pool(torch.stack([image(v) for v in new])))
        assert shown == wanted
        assert values(pool.images)[: len(kept)] == kept
        earlier += len(set(shown) - set(new))
    assert 75 < earlier < 125


def test_a_pool_goes_on_where_it_was_saved():
    pool, other = ImagePool(3, (2, 2)), ImagePool(3, (2, 2))
    pool(torch.stack([image(1), image(2)]))
    other.load_state_dict(pool.state_dict())
    for seed in range(8):
        shown = []
        for one in (pool, other):
            torch.manual_seed(seed)
            shown.append(values(one(image(10 + seed)[None])))
        assert shown[0] == shown[1]
    assert torch.equal(pool.images, other.images)


def test_images_that_do_not_fit_are_not_counted():
    """mmengine loads what fits, beside a warning."""
    pool, other = ImagePool(1, (2, 2)), ImagePool(1, (4, 4))
    pool(image(1)[None])
    load_state_dict(other, pool.state_dict(), strict=False)
    new = torch.ones(1, 3, 4, 4)
    assert torch.equal(other(new), new)
    assert torch.equal(other.images, new)


def test_without_a_pool_images_come_back():
    pool = ImagePool(0)
    images = torch.rand(2, 3, 4, 4, requires_grad=True)
    assert torch.equal(pool(images), images)
    assert not pool(images).requires_grad and not pool.state_dict()


def test_images_of_another_size_are_told():
    with pytest.raises(ValueError, match=r'size is \(2, 2\).*\(4, 6\)'):
        ImagePool(1, (2, 2))(torch.zeros(1, 3, 4, 6))


def worker(rank, port, folder):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    distributed.init_process_group('gloo', rank=rank, world_size=2)
    pool, shown = ImagePool(3, (2, 2)), []
    for step in range(12):
        torch.manual_seed(10 * step + rank)
        new = torch.stack([image(4 * step + 2 * rank + k) for k in range(2)])
        shown.append(values(pool(new)))
    torch.save((shown, pool.state_dict()), f'{folder}/rank{rank}.pth')
    distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore')
def test_ranks_have_one_pool(tmp_path):
    port = 29700 + os.getpid() % 200
    multiprocessing.start_processes(
        worker, (port, str(tmp_path)), nprocs=2, start_method='fork'
    )
    ranks = [torch.load(tmp_path / f'rank{r}.pth') for r in range(2)]
    kept = []
    for step in range(12):
        coins, places = [], []
        for rank in range(2):
            torch.manual_seed(10 * step + rank)
            coins += torch.rand(2).tolist()
            places += torch.randint(3, (2,)).tolist()
        new = list(range(4 * step, 4 * step + 4))
        wanted = exchanged(kept, 3, new, coins, places)
        assert [*ranks[0][0][step], *ranks[1][0][step]] == wanted
    for _, state in ranks:
        assert values(state['images']) == kept
