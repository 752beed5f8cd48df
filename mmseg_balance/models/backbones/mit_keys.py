"""Keys of the original MiT files as MMSegmentation spells them."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from ...errors import UserValueError
from ...state_dicts import shown

_BLOCK = 'layers.{0}.1.{1}.'
# original key, stages counted from 1, and the key here, counted from 0
_PATTERNS = tuple(
    (re.compile(old), new)
    for old, new in (
        (r'patch_embed(\d+)\.proj\.(\w+)', 'layers.{0}.0.projection.{1}'),
        (r'patch_embed(\d+)\.norm\.(\w+)', 'layers.{0}.0.norm.{1}'),
        (r'norm(\d+)\.(\w+)', 'layers.{0}.2.{1}'),
        (r'block(\d+)\.(\d+)\.(norm[12]\.\w+)', _BLOCK + '{2}'),
        (
            r'block(\d+)\.(\d+)\.attn\.(?:q|kv)\.(weight|bias)',
            _BLOCK + 'attn.attn.in_proj_{2}',
        ),
        (
            r'block(\d+)\.(\d+)\.attn\.proj\.(\w+)',
            _BLOCK + 'attn.attn.out_proj.{2}',
        ),
        (
            r'block(\d+)\.(\d+)\.attn\.((?:sr|norm)\.\w+)',
            _BLOCK + 'attn.{2}',
        ),
        (
            r'block(\d+)\.(\d+)\.mlp\.fc1\.(\w+)',
            _BLOCK + 'ffn.layers.0.{2}',
        ),
        (
            r'block(\d+)\.(\d+)\.mlp\.dwconv\.dwconv\.(\w+)',
            _BLOCK + 'ffn.layers.1.{2}',
        ),
        (
            r'block(\d+)\.(\d+)\.mlp\.fc2\.(\w+)',
            _BLOCK + 'ffn.layers.4.{2}',
        ),
    )
)


def is_original_mit(state_dict: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of SegFormer's own MiT.

    Args:
        state_dict: State dict of a backbone, without a prefix.
    """
    return any(key.startswith('patch_embed1.') for key in state_dict)


def mmseg_mit_keys(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn SegFormer's layout of a MiT into that of MMSegmentation 1.x.

    The original layout is that of https://github.com/NVlabs/SegFormer, and of
    the DAFormer, HRDA and MIC repositories. The projections to queries and to
    keys and values are packed into one tensor, and the linear layers of the
    feed-forward network become 1 x 1 convolutions. The ImageNet classifier
    (``head.*``) is left out.

    Args:
        state_dict: State dict of a backbone, without a prefix. Not changed.

    Returns:
        State dict for ``MixVisionTransformer``; tensors share memory with
        the given ones where they are not packed.

    Raises:
        ValueError: A key is not of that layout, or one of two projections
            is missing; names them.
    """
    converted, unknown, missing = {}, [], []
    for key, value in state_dict.items():
        if key.startswith('head.'):
            continue
        new = _mmseg_key(key)
        if new is None:
            unknown.append(key)
        elif '.attn.kv.' in key:
            partner = key.replace('.kv.', '.q.')
            if partner not in state_dict:
                missing.append(partner)
        elif '.attn.q.' in key:
            partner = key.replace('.q.', '.kv.')
            if partner not in state_dict:
                missing.append(partner)
            else:
                converted[new] = torch.cat([value, state_dict[partner]])
        elif re.fullmatch(r'.+\.mlp\.fc[12]\.weight', key):
            converted[new] = value[:, :, None, None]
        else:
            converted[new] = value
    if unknown:
        raise UserValueError(
            f'{shown(map(repr, unknown))} of the state dict: no key of a MiT '
            'in the layout of SegFormer, such as patch_embed1.proj.weight or '
            'block1.0.attn.q.weight; give the backbone alone, without a '
            'prefix'
        )
    if missing:
        raise UserValueError(
            f'{shown(map(repr, missing))} missing from the state dict of the '
            'MiT: queries have a projection, keys and values have another'
        )
    return converted


def _mmseg_key(key: str) -> str | None:
    """The new key, or None for one that is of no MiT."""
    for pattern, new in _PATTERNS:
        if match := pattern.fullmatch(key):
            stage, *rest = match.groups()
            return new.format(int(stage) - 1, *rest)
    return None
