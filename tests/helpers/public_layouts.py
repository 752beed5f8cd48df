"""Made-up weights in the layouts of the public repositories.

Not a test: files of this folder import it by its name.
"""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.public.conversion import convert_checkpoint

DIMS, DEPTHS, REDUCTIONS = (8, 16, 40, 64), (1, 2, 1, 1), (8, 4, 2, 1)
BN = dict(type='BN', requires_grad=True)
RELU = dict(type='ReLU')
SEP = dict(
    type='aspp',
    sep=True,
    dilations=(1, 6, 12, 18),
    pool=False,
    act_cfg=RELU,
    norm_cfg=BN,
)
CONV = dict(type='conv', kernel_size=1, act_cfg=RELU, norm_cfg=BN)
ISA = dict(
    type='isa',
    isa_channels=16,
    key_query_num_convs=1,
    down_factor=(8, 8),
    act_cfg=RELU,
    norm_cfg=BN,
)


def affine(name, *shape):
    return {
        f'{name}.weight': torch.rand(shape),
        f'{name}.bias': torch.rand(shape[0]),
    }


def under(prefix, state):
    return {prefix + key: value for key, value in state.items()}


def public_mit(dims=DIMS, depths=DEPTHS, reductions=REDUCTIONS):
    """A MiT in the layout of SegFormer, written down by hand."""
    state, before = {}, 3
    for i, (dim, depth, ratio) in enumerate(zip(dims, depths, reductions), 1):
        kernel = 7 if i == 1 else 3
        state |= affine(f'patch_embed{i}.proj', dim, before, kernel, kernel)
        state |= affine(f'patch_embed{i}.norm', dim)
        for j in range(depth):
            block = f'block{i}.{j}.'
            state |= affine(f'{block}norm1', dim)
            state |= affine(f'{block}attn.q', dim, dim)
            state |= affine(f'{block}attn.kv', 2 * dim, dim)
            state |= affine(f'{block}attn.proj', dim, dim)
            if ratio > 1:
                state |= affine(f'{block}attn.sr', dim, dim, ratio, ratio)
                state |= affine(f'{block}attn.norm', dim)
            state |= affine(f'{block}norm2', dim)
            state |= affine(f'{block}mlp.fc1', 4 * dim, dim)
            state |= affine(f'{block}mlp.dwconv.dwconv', 4 * dim, 1, 3, 3)
            state |= affine(f'{block}mlp.fc2', dim, 4 * dim)
        state |= affine(f'norm{i}', dim)
        before = dim
    return state


def conv_bn(name, *shape):
    norm = f'{name}.bn'
    return {
        f'{name}.conv.weight': torch.rand(shape),
        **affine(norm, shape[0]),
        f'{norm}.running_mean': torch.rand(shape[0]),
        f'{norm}.running_var': torch.rand(shape[0]),
        f'{norm}.num_batches_tracked': torch.tensor(7),
    }


def public_segformer_head(dims=DIMS, width=16, classes=19):
    state = affine('conv_seg', classes, 128, 1, 1)
    for i, dim in enumerate(dims):
        state |= affine(f'linear_c.{i}.proj', width, dim)
    state |= conv_bn('linear_fuse', width, 4 * width, 1, 1)
    return state | affine('linear_pred', classes, width, 1, 1)


def head_of(fusion, channels=32, classes=19):
    """State dict of a DAFormerHead, whose keys are the public ones."""
    init_default_scope('mmseg')
    mlp = dict(type='mlp', act_cfg=None, norm_cfg=None)
    params = dict(
        embed_dims=channels,
        embed_cfg=mlp,
        embed_neck_cfg=mlp,
        fusion_cfg=fusion,
    )
    return MODELS.build(
        dict(
            type='DAFormerHead',
            in_channels=list(DIMS),
            in_index=[0, 1, 2, 3],
            channels=channels,
            num_classes=classes,
            norm_cfg=BN,
            decoder_params=params,
        )
    ).state_dict()


def mask_rcnn(dims=DIMS, width=8, fc=16, things=8):
    """FPN, RPN and RoI heads of EDAPS, written down by hand."""
    state = {}
    for i, dim in enumerate(dims):
        state |= affine(f'neck.lateral_convs.{i}.conv', width, dim, 1, 1)
        state |= affine(f'neck.fpn_convs.{i}.conv', width, width, 3, 3)
    state |= affine('rpn_head.rpn_conv', width, width, 3, 3)
    state |= affine('rpn_head.rpn_cls', 3, width, 1, 1)
    state |= affine('rpn_head.rpn_reg', 12, width, 1, 1)
    box, mask = 'roi_head.bbox_head.', 'roi_head.mask_head.'
    state |= affine(f'{box}shared_fcs.0', fc, 49 * width)
    state |= affine(f'{box}shared_fcs.1', fc, fc)
    state |= affine(f'{box}fc_cls', things + 1, fc)
    state |= affine(f'{box}fc_reg', 4 * things, fc)
    for i in range(4):
        state |= affine(f'{mask}convs.{i}.conv', width, width, 3, 3)
    state |= {
        f'{mask}upsample.weight': torch.rand(width, width, 2, 2),
        f'{mask}upsample.bias': torch.rand(width),
    }
    return state | affine(f'{mask}conv_logits', things, width, 1, 1)


def bottom_up(shared=False, channels=32):
    """The decode head of EDAPS with centres and offsets."""
    head = head_of(SEP, channels=channels)
    state = {k: v for k, v in head.items() if k.startswith('conv_seg')}
    for part in ('semantic',) if shared else ('semantic', 'instance'):
        for key, value in head.items():
            layer, _, rest = key.partition('.')
            if layer != 'conv_seg':
                state[f'{layer}_{part}.{rest}'] = value + len(part)
    state |= affine('conv_center', 1, channels, 1, 1)
    return state | affine('conv_offset', 2, channels, 1, 1)


def daformer(fusion=SEP, **kwargs):
    return under('backbone.', public_mit()) | under(
        'decode_head.', head_of(fusion, **kwargs)
    )


def uda(*names, body=None):
    body = daformer() if body is None else body
    state = {}
    for name in names:
        state |= under(f'{name}.', {k: v + len(name) for k, v in body.items()})
    return state


def refusal(path, *args):
    with pytest.raises(ValueError) as error:
        convert_checkpoint(path, *args)
    return str(error.value)
