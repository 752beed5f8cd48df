import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import get_priority
from mmseg.registry import HOOKS


def numbers_after(hook, seed=3, rank=0, iteration=7):
    runner = SimpleNamespace(seed=seed, rank=rank, iter=iteration)
    hook.before_train_iter(runner, batch_idx=0)
    return (
        random.random(),
        np.random.rand(),
        torch.rand(()).item(),
    )


@pytest.fixture
def hook() -> Hook:
    return HOOKS.build(dict(type='IterationSeedHook'))


def test_numbers_are_a_function_of_seed_rank_and_iteration(hook):
    first = numbers_after(hook)
    numbers_after(hook, iteration=8)
    torch.rand(5), np.random.rand(5), random.random()
    assert numbers_after(hook) == first


@pytest.mark.parametrize('key', ['seed', 'rank', 'iteration'])
def test_each_of_the_three_changes_every_generator(hook, key):
    base = numbers_after(hook)
    other = numbers_after(hook, **{key: 1})
    assert all(a != b for a, b in zip(base, other, strict=True))


def test_it_runs_before_hooks_of_usual_priority(hook):
    assert get_priority(hook.priority) < get_priority('NORMAL')
    assert hook.priority == 'VERY_HIGH'


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason='no CUDA device on this machine'
)
def test_cuda_generator_follows(hook):
    numbers_after(hook)
    first = torch.rand(4, device='cuda')
    torch.rand(9, device='cuda')
    numbers_after(hook)
    assert torch.equal(first, torch.rand(4, device='cuda'))
