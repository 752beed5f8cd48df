"""Weights of a generator in the files that people have of one."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ...errors import UserValueError
from ...state_dicts import differences, shown

NAMES = dict(to_target='netG_A', to_source='netG_B')
BLOCK = re.compile(r'model\.(\d+)\.conv_block\.(\d+)\.weight')
# of instance norms that count, as those of PyTorch 0.3 did; nothing reads it
STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')


def generator_weights(
    content: Any, direction: str = 'to_target'
) -> dict[str, Tensor]:
    """Weights of one generator.

    Args:
        content: What a file holds: a checkpoint of a training here; a dict
            of state dicts by ``netG_A`` and ``netG_B``; or the state dict of
            one generator, as ``latest_net_G_A.pth`` of
            https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix, which is
            taken for that of the direction.
        direction: A key of ``NAMES``.

    Returns:
        Without prefixes, and without statistics of norms.

    Raises:
        ValueError: There are none in it; names what is.
    """
    name = NAMES[direction]
    if isinstance(content, Mapping):
        content = content.get('state_dict', content)
        content = content.get(name, content)
    if not isinstance(content, Mapping):
        raise UserValueError(
            f'it holds a {type(content).__name__}, expected a state dict'
        )
    weights = {
        key.removeprefix('module.'): value
        for key, value in content.items()
        if isinstance(value, Tensor) and not key.endswith(STATISTICS)
    }
    own = f'{name}.'
    if any(key.startswith(own) for key in weights):
        weights = {
            key.removeprefix(own).removeprefix('module.'): value
            for key, value in weights.items()
            if key.startswith(own)
        }
    if not any(key.startswith('model.') for key in weights):
        raise UserValueError(
            f'it has keys such as {next(iter(content), None)!r}, expected '
            f'those of a generator: {own}model.1.weight, or model.1.weight'
        )
    return weights


def load_generator(
    generator: nn.Module, weights: Mapping[str, Tensor]
) -> None:
    """Load weights, each and all.

    Args:
        generator: Changed in place.
        weights: Of :func:`generator_weights`.

    Raises:
        ValueError: They are of another generator; says which.
    """
    own = generator.state_dict()
    wrong = differences(own, weights)
    wrong += [f'{k!r} is not in the generator' for k in weights.keys() - own]
    if wrong:
        raise UserValueError(
            'it is of another generator than the config: '
            f'{shown(wrong)}{_advice(weights)}'
        )
    generator.load_state_dict(weights)


def _advice(weights: Mapping[str, Tensor]) -> str:
    """What to set so that the config has the generator of a file."""
    found = [m for m in map(BLOCK.fullmatch, weights) if m]
    first = weights.get('model.1.weight')
    if not found or first is None:
        return ''
    if any(match[2] == '6' for match in found):
        return '; it was trained with dropout, which ResnetGenerator lacks'
    blocks = len({match[1] for match in found})
    return (
        f'. It has generator=dict(num_blocks={blocks}, '
        f'base_channels={len(first)}, in_channels={first.shape[1]})'
    )
