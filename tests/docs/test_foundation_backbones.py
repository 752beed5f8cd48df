"""The blocks of docs/foundation_backbones.md build what the page says."""

import re

import pytest
import torch
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

PAGE = (ROOT / 'docs' / 'foundation_backbones.md').read_text()
BLOCKS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
BASE = ROOT / 'configs/dacs/dacs_dinov2-s_40k_gta2cityscapes-512x512.py'


def built(**parts):
    init_default_scope('mmseg')
    cfg = Config.fromfile(BASE).model
    for key, value in parts.items():
        cfg.segmentor[key] = {**value, 'align_corners': False}
    cfg.segmentor.backbone.pretrained = False
    cfg.segmentor.backbone.pop('align_corners', None)
    with torch.device('meta'):
        return MODELS.build(cfg)


def parts_of(block):
    names = {}
    exec(block, names)  # noqa: S102  (of a page of this repository)
    return {k: names[k] for k in ('backbone', 'decode_head') if k in names}


@pytest.mark.parametrize('block', [b for b in BLOCKS if 'backbone =' in b])
def test_networks_are_built(block):
    parts = parts_of(block)
    model = built(**parts).student
    is_linear = 'decode_head' in parts
    with torch.device('meta'):
        maps = model.backbone.forward(torch.empty(1, 3, 512, 512))
        logits = model.decode_head(maps)
    sides = [m.shape[-1] for m in maps]
    # 512 is 36.6 patches of 14, and 32 of 16
    assert sides == ([37] if is_linear else [128, 64, 32, 16])
    assert logits.shape == (1, 19, sides[0], sides[0])
    trained = [k for k, p in model.named_parameters() if p.requires_grad]
    if is_linear:
        assert trained == [
            'decode_head.conv_seg.weight',
            'decode_head.conv_seg.bias',
        ]


def test_the_rate_of_layers():
    (block,) = (b for b in BLOCKS if 'optim_wrapper' in b)
    names = {}
    exec(block, names)  # noqa: S102
    cfg = Config.fromfile(BASE)
    cfg.merge_from_dict(dict(optim_wrapper=names['optim_wrapper']))
    model = built()
    groups = build_optim_wrapper(
        model, cfg.optim_wrapper
    ).optimizer.param_groups
    rates = {group['lr'] for group in groups}
    expected = [7.07e-5, *(7.07e-6 * 0.9**i for i in range(14))]
    assert sorted(rates) == pytest.approx(sorted(expected))


def test_the_table_has_the_configs():
    """A row for each network, with its methods and data."""
    found = set()
    for folder in ('dacs', 'mic'):
        for path in (ROOT / 'configs' / folder).glob('*2cityscapes-*.py'):
            match = re.fullmatch(
                r'(\w+?)_(?:blda_)?(dino[-\w]+?)_40k_(\w+)2cityscapes-.*',
                path.stem,
            )
            if match:
                found.add(match.groups())
    listed = set()
    for row in re.findall(r'^\| `(dino[^|]*)` \|(.*)\|(.*)\|$', PAGE, re.M):
        network, methods, data = row
        listed |= {
            (method, network, source)
            for method in re.findall('`(.+?)`', methods)
            for source in data.strip().lower().split(', ')
        }
    assert found == listed
