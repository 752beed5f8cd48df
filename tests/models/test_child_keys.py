"""Keys of a child where names repeat, and below other modules."""

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmseg_balance.models.child_keys import name_keys_as_child


class Around(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        name_keys_as_child(self, 'inner')


def test_a_child_that_has_a_child_of_its_name():
    plain = nn.ModuleDict(
        dict(inner=nn.ModuleDict(dict(inner=nn.Linear(1, 1))))
    )
    plain['a'] = nn.BatchNorm1d(2)
    below = nn.Sequential(Around(plain), nn.Linear(1, 2))
    expected = plain.state_dict()
    found = below[0].state_dict()
    assert list(found) == list(expected)
    assert found._metadata == expected._metadata
    assert [key for key in below.state_dict() if key[0] == '0'] == [
        f'0.{key}' for key in expected
    ]
    weights = {key: torch.ones_like(v) for key, v in expected.items()}
    below[0].load_state_dict(weights)
    assert all((value == 1).all() for value in plain.state_dict().values())
    around_both = Around(Around(nn.Linear(2, 1)))
    assert list(around_both.state_dict()) == ['weight', 'bias']
    around_both.load_state_dict(nn.Linear(2, 1).state_dict())


def test_what_a_module_has_beside_the_child_keeps_its_keys():
    around = Around(nn.Linear(2, 1))
    around.register_buffer('scale', torch.zeros(1))
    around.other = nn.Linear(1, 1, bias=False)
    state = {k: torch.ones_like(v) for k, v in around.state_dict().items()}
    assert set(state) == {'scale', 'other.weight', 'weight', 'bias'}
    around.load_state_dict(state)
    assert all((value == 1).all() for value in around.state_dict().values())


class Versioned(nn.Linear):
    """Its weights were of the other sign before version 2."""

    _version = 2

    def _load_from_state_dict(self, state_dict, prefix, metadata, *args):
        if metadata.get('version', 1) < 2:
            state_dict[f'{prefix}weight'] = -state_dict[f'{prefix}weight']
        super()._load_from_state_dict(state_dict, prefix, metadata, *args)


@pytest.mark.parametrize('load', [nn.Module.load_state_dict, load_state_dict])
def test_versions_of_modules_are_found_when_they_are_loaded(load):
    state = Around(nn.Sequential(Versioned(2, 1))).state_dict()
    for into in (Around(nn.Sequential(Versioned(2, 1))),) * 2:
        load(into, state)
        assert torch.equal(into.state_dict()['0.weight'], state['0.weight'])
    plain = nn.Sequential(Versioned(2, 1))
    load(plain, state)
    assert torch.equal(plain[0].weight, state['0.weight'])
