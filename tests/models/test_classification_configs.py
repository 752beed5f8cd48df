"""Every config of classifiers: what its name says, and a step of it."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers.paths import ROOT
from helpers.tiny_classifiers import image_batch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch.overrides import TorchFunctionMode

from mmseg_balance.configuration.checks.parts import check_parts

CONFIGS = sorted(
    str(p.relative_to(ROOT))
    for p in (ROOT / 'configs/classification').glob('*.py')
)
NAME = re.compile(
    r'(?P<method>source-only|mcc|cdan|sdat|mic)'
    r'(_(?P<balance>blda|gbw|logit-adjustment))?'
    r'_(?P<network>r101|vit-b16|lite0)_(?P<iterations>\d+k?)'
    r'_(?P<data>[a-z][a-z0-9-]*?)-(?P<size>\d+)x(?P=size)'
)
METHODS = {
    'source-only': 'SourceOnly',
    'mcc': 'MCCAdaptation',
    'cdan': 'CDANAdaptation',
    'sdat': 'SDAT',
    'mic': 'ClassificationMIC',
}
LOSSES = {
    None: 'CrossEntropyLoss',
    'blda': 'BLDALoss',
    'gbw': 'GBWLoss',
    'logit-adjustment': 'LogitAdjustmentLoss',
}
HOOKS = {
    None: set(),
    'blda': {'GMMUpdateHook'},
    'gbw': {'ClassWeightsHook'},
    'logit-adjustment': {'ClassStatisticsHook'},
}
CLASSES = dict(digits=10) | {
    'toy-objects': 12,
    'visda2017': 12,
    'office-home-ar2cl': 65,
}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def load(file):
    """A config, what its name says, and no initial weights."""
    match = NAME.fullmatch(Path(file).stem)
    assert match, f'{file}: its name does not follow the scheme'
    cfg = Config.fromfile(ROOT / file)
    backbone = cfg.model.segmentor.backbone
    backbone.pop('init_cfg', None)
    if backbone.type == 'TIMMBackbone':
        backbone.pretrained = False
    return SimpleNamespace(**match.groupdict()), cfg


class Unfilled(TorchFunctionMode):
    """Draws nothing for tensors that have no memory to draw for."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func.__name__ in ('uniform_', 'normal_'):
            return args[0] if args else kwargs['tensor']
        return func(*args, **kwargs)


@pytest.mark.parametrize('file', CONFIGS)
def test_config_is_what_its_name_says(file):
    name, cfg = load(file)
    check_parts(cfg)
    head = cfg.model.segmentor.decode_head
    assert cfg.model.type == METHODS[name.method]
    assert head.num_classes == CLASSES[name.data]
    assert head.loss_decode.type == LOSSES[name.balance]
    hooks = {hook['type'] for hook in cfg.custom_hooks}
    always = {'IterationSeedHook'}
    always |= {'TeacherUpdateHook'} if name.method == 'mic' else set()
    assert hooks == always | HOOKS[name.balance]
    is_sam = cfg.optim_wrapper.type == 'SAMOptimWrapper'
    assert is_sam == (name.method in ('sdat', 'mic'))
    assert cfg.train_cfg.max_iters == int(name.iterations.replace('k', '000'))
    side = int(name.size)
    assert cfg.model.segmentor.data_preprocessor.size == (side, side)
    loader = cfg.train_dataloader
    assert loader.batch_size == (24 if 'office' in file else 32)
    ends = [
        p[-1].type
        for p in (
            s.pipeline
            for s in loader.dataset.values()
            if isinstance(s, dict) and 'pipeline' in s
        )
    ]
    assert ends == ['PackUDAInputs'] * 2
    if name.balance == 'blda':
        loss = head.loss_decode
        assert cfg.model.density_estimation.loss_weight == 0.2
        images = loader.batch_size * loss.collect_over
        needed = loss.get('min_samples', 100)
        assert images / head.num_classes >= 3 * needed
    if name.method == 'mic':  # sides of four blocks, as the public 56 of 224
        masks = cfg.model.masked_consistency
        assert round(side / masks.block_size) == 4
        by_teacher = cfg.model.get('pseudo_weighting') == 'confidence'
        assert by_teacher == (name.network == 'vit-b16')
    if 'mcc' in cfg.model:
        warm = 2.0 if name.network == 'vit-b16' else 3.0
        assert cfg.model.mcc.temperature == warm


def small(cfg):
    """The model of a config, but for the network, and a step's log."""
    torch.manual_seed(0)
    segmentor = cfg.model.segmentor
    segmentor.backbone = dict(
        type='ReferenceBackbone', channels=3, out_channels=4, vector=False
    )
    segmentor.data_preprocessor.size = (16, 16)
    segmentor.decode_head.update(in_channels=4, pool=True, bottleneck=6)
    if 'cdan' in cfg.model:
        cfg.model.cdan.hidden = 8
    model = MODELS.build(cfg.model)
    if model.teacher is not None:
        model.copy_student()
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    loss = model.train().student.decode_head.loss_decode
    logs = model.train_step(image_batch(6, size=16), optimizer)
    if hasattr(loss, 'update_statistics'):
        loss.update_statistics()
    assert all(math.isfinite(value) for value in logs.values())
    return loss, logs


@pytest.mark.parametrize('file', CONFIGS)
def test_step_of_a_small_network(file):
    """The config as it is, but for the network, on images of 16 pixels."""
    name, cfg = load(file)
    loss, logs = small(cfg)
    terms = {key.split('.')[-1] for key in logs}
    assert loss.loss_name in terms
    assert ('loss_mcc' in terms) == (name.method in ('mcc', 'sdat', 'mic'))
    assert ('loss_cdan' in terms) == (name.method in ('cdan', 'sdat', 'mic'))
    assert ('loss_density' in terms) == (name.balance == 'blda')
    masked = any(key.startswith('masked.') for key in logs)
    assert masked == (name.method == 'mic')
    if name.balance == 'blda':
        waits = loss.statistics.waiting
        assert waits.source.ages.max() == 0
        assert (waits.target.ages.max() == 0) == (name.method == 'mic')


@pytest.mark.parametrize(
    'part, kind, settings',
    [
        ('focal', 'SoftmaxFocalLoss', {}),
        ('gbw', 'GBWLoss', {}),
        ('gbw-blda', 'BLDALoss', dict(num_classes=12, collect_over=9)),
        ('class-balanced', 'ClassBalancedLoss', dict(counts='online')),
        ('inverse-image', 'InverseFrequencyLoss', dict(counts='online')),
        ('blv', 'BLVLoss', dict(counts='online')),
        ('seesaw', 'SeesawLoss', {}),
        ('lbw', 'LBWLoss', {}),
    ],
)
def test_other_parts_of_balance_are_a_line(tmp_path, part, kind, settings):
    configs = ROOT / 'configs'
    name = 'classification/mic_lite0_500_toy-objects-64x64'
    files = [f'{configs}/{f}.py' for f in (name, f'_base_/balance/{part}')]
    lines = [
        f'_base_ = {files}',
        "model = _base_.pop('balance_model')",
        "hooks = _base_.pop('balance_hooks')",
        'custom_hooks = _base_.custom_hooks + hooks',
    ]
    file = tmp_path / 'part.py'
    file.write_text('\n'.join(lines))
    cfg = Config.fromfile(file)
    loss = cfg.model.segmentor.decode_head.loss_decode
    loss.update(settings)
    if 'num_classes' in loss:
        loss.num_classes = 12
    loss, logs = small(cfg)
    assert type(loss).__name__ == kind
    assert logs[f'joint.decode.{loss.loss_name}'] > 0


@pytest.mark.parametrize('network', ['r101_30k', 'vit-b16_15k'])
def test_networks_of_full_size_are_built(network):
    file = f'configs/classification/mic_blda_{network}_visda2017-224x224.py'
    _, cfg = load(file)
    with torch.device('meta'), Unfilled():
        model = MODELS.build(cfg.model)
    millions = sum(p.numel() for p in model.student.backbone.parameters())
    expected = {'r101_30k': 42.5, 'vit-b16_15k': 85.8}[network]
    assert millions / 1e6 == pytest.approx(expected, abs=0.1)
    assert model.density.conv.weight.shape == (1, 256, 1, 1)
