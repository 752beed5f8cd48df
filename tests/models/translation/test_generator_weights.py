"""Files of generators, as others lay them out."""

import pytest
import torch

from mmseg_balance.models.translation import ResnetGenerator
from mmseg_balance.models.translation.generator_weights import (
    generator_weights,
    load_generator,
)


@pytest.fixture
def public():
    """A state dict as the public code wrote it with PyTorch 0.3."""
    state = ResnetGenerator(2, 4).state_dict()
    state['model.2.running_mean'] = torch.zeros(4)
    state['model.2.num_batches_tracked'] = torch.tensor(3)
    return state


def check(content, public, direction='to_target'):
    generator = ResnetGenerator(2, 4)
    load_generator(generator, generator_weights(content, direction))
    for key, value in generator.state_dict().items():
        assert torch.equal(value, public[key])


def test_layouts_of_others_load_as_they_are(public):
    other = {k: v + 1 for k, v in public.items()}
    parallel = {f'module.{k}': v for k, v in public.items()}
    both = dict(netG_A=public, netG_B=other)
    flat = {f'netG_A.{k}': v for k, v in public.items()}
    flat |= {f'netG_B.{k}': v for k, v in other.items()}
    flat |= {'netD_A.model.0.weight': torch.zeros(1)}
    for content in (public, parallel, both, flat, dict(state_dict=flat)):
        check(content, public)
    for content in (other, both, flat, dict(state_dict=flat)):
        check(content, other, 'to_source')


@pytest.mark.parametrize(
    'changed, message',
    [
        (ResnetGenerator(3, 4), r'num_blocks=3, base_channels=4, in_chan'),
        (ResnetGenerator(2, 2), r'num_blocks=2, base_channels=2, in_chan'),
    ],
)
def test_another_generator_is_told(changed, message):
    weights = generator_weights(changed.state_dict())
    with pytest.raises(ValueError, match=f'another generator.*{message}'):
        load_generator(ResnetGenerator(2, 4), weights)


def test_dropout_is_told(public):
    moved = {k.replace('block.5', 'block.6'): v for k, v in public.items()}
    with pytest.raises(ValueError, match='trained with dropout'):
        load_generator(ResnetGenerator(2, 4), generator_weights(moved))


@pytest.mark.parametrize(
    'content, message',
    [
        ({'backbone.x': torch.zeros(1)}, r"'backbone.x', expected.*netG_A"),
        ([1], 'holds a list'),
        ({}, 'keys such as None'),
    ],
)
def test_other_files_are_told(content, message):
    with pytest.raises(ValueError, match=message):
        generator_weights(content)
