"""Reads banks in a state that the public code produced."""

import torch

from mmseg_balance.logits import GaussianMixtureBank


def load_bank(data, prefix, shape, **kwargs) -> GaussianMixtureBank:
    """A bank in the state that the arrays with a prefix describe."""
    bank = GaussianMixtureBank(shape, **kwargs)
    for name in ('weights', 'means', 'variances'):
        getattr(bank, name).copy_(data[prefix + name])
    if f'{prefix}updated_mask' in data:
        bank.num_updates.copy_(data[f'{prefix}updated_mask'])
        bank.staleness.copy_(data[f'{prefix}noupdated_mask'].squeeze(-1))
        bank.step.copy_(data[f'{prefix}i'])
    return bank


def assert_bank(bank, data, prefix) -> None:
    """Parameters agree to 1e-4, relative or absolute, and counts do."""
    for name in ('weights', 'means', 'variances'):
        torch.testing.assert_close(
            getattr(bank, name), data[prefix + name], rtol=1e-4, atol=1e-4
        )
    assert torch.equal(bank.num_updates, data[f'{prefix}updated_mask'].long())
