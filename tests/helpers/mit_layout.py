"""MiT weights in the layout of the original repository."""

import re


def original_layout(state_dict):
    """The public layout of weights in that of mmseg, written for tests."""
    original = {}
    for key, value in state_dict.items():
        stage, part, *rest = key.removeprefix('layers.').split('.')
        number = int(stage) + 1
        if part == '0':
            rest = '.'.join(rest).replace('projection', 'proj')
            original[f'patch_embed{number}.{rest}'] = value
            continue
        if part == '2':
            original[f'norm{number}.{rest[0]}'] = value
            continue
        new = f'block{number}.' + '.'.join(rest)
        if 'in_proj' in new:
            channels = len(value) // 3
            prefix, kind = new.split('attn.in_proj_')
            original[f'{prefix}q.{kind}'] = value[:channels]
            original[f'{prefix}kv.{kind}'] = value[channels:]
            continue
        new = new.replace('attn.attn.out_proj', 'attn.proj')
        for old, name in (('0', 'fc1'), ('1', 'dwconv.dwconv'), ('4', 'fc2')):
            new = new.replace(f'ffn.layers.{old}.', f'mlp.{name}.')
        if re.search(r'fc[12]\.weight', new):
            value = value.flatten(1)
        original[new] = value
    return original
