"""Keys of a child where names repeat, and below other modules."""

import torch
from torch import nn

from mmseg_balance.models.segmentors.child_keys import name_keys_as_child


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
