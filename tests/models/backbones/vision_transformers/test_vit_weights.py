"""Files as they are published, of random numbers: each weight arrives."""

import re

import pytest
import torch
from safetensors.torch import save_file
from timm.layers import resample_abs_pos_embed, resample_patch_embed

from mmseg_balance.models.backbones import TimmViTPyramid

DINOV2, DINOV3 = 'vit_small_patch14_reg4_dinov2', 'vit_small_patch16_dinov3'
TINY = dict(embed_dim=24, depth=3, num_heads=3, out_channels=8)


def backbone(name=DINOV2, checkpoint=None, **kwargs):
    kwargs = {'img_size': 56 if name == DINOV2 else 64, **TINY, **kwargs}
    if checkpoint is not None:
        prefix = kwargs.pop('prefix', None)
        kwargs['init_cfg'] = dict(type='Pretrained', checkpoint=checkpoint)
        if prefix:
            kwargs['init_cfg']['prefix'] = prefix
    return TimmViTPyramid(name, **kwargs)


def random_weights(name=DINOV2, **kwargs):
    """Of timm's layout."""
    torch.manual_seed(3)
    state = backbone(name, **kwargs).vit.state_dict()
    return {k: torch.randn_like(v) for k, v in state.items()}


def as_published(name, state):
    """The layout of facebookresearch/dinov2 or dinov3."""
    published = dict(state)
    if name == DINOV2:
        published['register_tokens'] = published.pop('reg_token')
        # there the position of the class token is one of pos_embed
        own = published.pop('cls_token'), published.pop('pos_embed')
        published['cls_token'] = own[0]
        zeros = torch.zeros(1, 1, own[1].shape[-1])
        published['pos_embed'] = torch.cat([zeros, own[1]], 1)
        published['mask_token'] = torch.randn(1, own[1].shape[-1])
        return published
    published['storage_tokens'] = published.pop('reg_token')
    published['mask_token'] = torch.randn(1, 24)
    published['rope_embed.periods'] = torch.randn(2)
    for key in list(published):
        renamed = re.sub(r'\.gamma_([12])$', r'.ls\1.gamma', key)
        published[renamed] = published.pop(key)
        if key.endswith('qkv.weight'):
            bias = key.replace('weight', 'bias')
            published[bias] = torch.zeros(72)
            published[bias.replace('bias', 'bias_mask')] = torch.zeros(72)
    return published


def loaded(*args, **kwargs):
    network = backbone(*args, **kwargs)
    network.init_weights()
    return network.vit.state_dict()


@pytest.mark.parametrize('name', [DINOV2, DINOV3])
@pytest.mark.parametrize('ending', ['pth', 'safetensors'])
def test_files_of_timm(name, ending, tmp_path):
    state, file = random_weights(name), tmp_path / f'vit.{ending}'
    if ending == 'pth':
        torch.save(state, file)
    else:
        save_file(state, file)
    own = loaded(name, str(file))
    assert own.keys() == state.keys()
    assert all(torch.equal(own[key], state[key]) for key in state)


@pytest.mark.parametrize('name', [DINOV2, DINOV3])
@pytest.mark.parametrize('adapter', [None, dict(type='LoRA', rank=2)])
def test_files_of_the_authors(name, adapter, tmp_path):
    state, file = random_weights(name), tmp_path / 'vit.pth'
    torch.save(as_published(name, state), file)
    own = loaded(name, str(file), adapter=adapter)
    assert {k for k in own if 'lora_' not in k} == state.keys()
    for key in state.keys() - {'cls_token'}:
        assert torch.equal(own[key], state[key]), key
    torch.testing.assert_close(own['cls_token'], state['cls_token'])


def test_classifiers_and_blocks_that_are_not_read_are_left_out(tmp_path):
    state, file = random_weights(), tmp_path / 'vit.pth'
    state['head.weight'] = torch.randn(7, 24)
    torch.save(dict(model=state), file)
    own = loaded(checkpoint=str(file), out_indices=(1,))
    assert {k for k in state if k.startswith('blocks.2.')}
    assert not {k for k in own if k.startswith('blocks.2.')}
    assert all(torch.equal(own[key], state[key]) for key in own)


def test_other_patches_and_images_are_resampled(tmp_path):
    state, file = random_weights(), tmp_path / 'vit.pth'
    torch.save(state, file)
    own = loaded(checkpoint=str(file), patch_size=16, img_size=96)
    patches = resample_patch_embed(state['patch_embed.proj.weight'], (16, 16))
    torch.testing.assert_close(own['patch_embed.proj.weight'], patches)
    positions = resample_abs_pos_embed(
        state['pos_embed'], (6, 6), (4, 4), num_prefix_tokens=0
    )
    torch.testing.assert_close(own['pos_embed'], positions)
    assert torch.equal(own['norm.weight'], state['norm.weight'])


def test_file_of_a_segmentor(tmp_path):
    state, file = random_weights(), tmp_path / 'segmentor.pth'
    inner = {f'backbone.vit.{k}': v for k, v in state.items()}
    torch.save(dict(state_dict={**inner, 'a.b': torch.ones(1)}), file)
    own = loaded(checkpoint=str(file), prefix='backbone.vit')
    assert all(torch.equal(own[key], state[key]) for key in state)
    with pytest.raises(ValueError, match=r"such as 'backbone.vit.*prefix="):
        loaded(checkpoint=str(file))


def test_files_that_do_not_fit(tmp_path):
    file = tmp_path / 'vit.pth'
    torch.save(random_weights(embed_dim=48), file)
    with pytest.raises(
        ValueError, match=r'vit.pth of init_cfg does not fit.*shape'
    ):
        loaded(checkpoint=str(file))
    state = random_weights()
    del state['blocks.1.mlp.fc1.bias']
    torch.save(state, file)
    with pytest.raises(ValueError, match="'blocks.1.mlp.fc1.bias' is missing"):
        loaded(checkpoint=str(file))
    torch.save({'conv1.weight': torch.ones(3)}, file)
    with pytest.raises(ValueError, match="has 1 keys such as 'conv1.weight'"):
        loaded(checkpoint=str(file))
    torch.save([1], file)
    with pytest.raises(ValueError, match='holds a list'):
        loaded(checkpoint=str(file))
    broken = tmp_path / 'vit.safetensors'
    broken.write_bytes(b'no weights')
    with pytest.raises(ValueError, match='no complete file of safetensors'):
        loaded(checkpoint=str(broken))
    with pytest.raises(FileNotFoundError, match='init_cfg: no file'):
        loaded(checkpoint=str(tmp_path / 'none.pth'))
