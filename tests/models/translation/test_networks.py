"""Generators and discriminators against what is public of them."""

import pytest
import torch

from mmseg_balance.models.translation import (
    PatchDiscriminator,
    ResnetGenerator,
)


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_the_sizes_are_those_that_the_public_code_prints():
    assert round(parameters(ResnetGenerator()) / 1e6, 3) == 11.378
    assert round(parameters(PatchDiscriminator()) / 1e6, 3) == 2.765


@pytest.mark.parametrize('blocks', [6, 9])
def test_keys_are_those_of_public_weights(blocks):
    # first, two of stride 2, blocks, two transposed, last
    places = ['1', '4', '7']
    places += [
        f'{10 + i}.conv_block.{k}' for i in range(blocks) for k in (1, 5)
    ]
    places += [str(10 + blocks + k) for k in (0, 3, 7)]
    wanted = [f'model.{p}.{k}' for p in places for k in ('weight', 'bias')]
    generator = ResnetGenerator(blocks, base_channels=2)
    assert list(generator.state_dict()) == wanted
    own = PatchDiscriminator(base_channels=2).state_dict()
    assert [k for k in own if k.endswith('weight')] == [
        f'model.{i}.weight' for i in (0, 2, 5, 8, 11)
    ]


def test_first_weights_are_normal_of_a_deviation_of_0_02():
    torch.manual_seed(0)
    for network in (ResnetGenerator(1, 16), PatchDiscriminator(3, 16)):
        for name, parameter in network.named_parameters():
            if name.endswith('bias'):
                assert not parameter.any()
            elif parameter.numel() > 4000:
                assert parameter.std().item() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize('size', [(8, 8), (9, 13), (18, 11), (15, 16)])
def test_images_of_any_size_keep_it(size):
    generator = ResnetGenerator(1, 2)
    images = torch.rand(1, 3, *size) * 2 - 1
    translated = generator(images)
    assert translated.shape == images.shape
    assert translated.abs().max() <= 1
    if not any(n % 4 for n in size):
        assert torch.equal(translated, generator.model(images))


@pytest.mark.parametrize('layers, patch', [(1, 16), (2, 34), (3, 70)])
def test_a_score_is_of_a_patch(layers, patch):
    network = PatchDiscriminator(1, 2, layers).model
    # without normalisation, which looks at the whole image
    plain = torch.nn.Sequential(
        *(m for m in network if not isinstance(m, torch.nn.InstanceNorm2d))
    )
    images = torch.rand(1, 1, 144, 144, requires_grad=True)
    scores = plain(images)
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    rows = images.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == patch


def test_images_that_are_too_small_are_told():
    with pytest.raises(ValueError, match='24 x 24 pixels at least.*crop_size'):
        PatchDiscriminator(3, 2)(torch.zeros(1, 3, 23, 40))
    assert PatchDiscriminator(3, 2)(torch.zeros(1, 3, 24, 24)).numel() == 1
    with pytest.raises(ValueError, match='8 x 8 pixels at least'):
        ResnetGenerator(1, 2)(torch.zeros(1, 3, 7, 40))
    with pytest.raises(ValueError, match='`num_blocks` of ResnetGenerator'):
        ResnetGenerator(0)
