"""Configs of several sources and few target images, and what sets them apart.

As ``test_every_config.py``: each is built at its size, and the small ones
are trained for a step.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.paths import ROOT
from helpers.recipe_checks import recipe_differences
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import HOOKS, MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.models.losses import BLDALoss, GBWLoss
from mmseg_balance.models.uda.objectives import (
    AdversarialObjective,
    EntropyObjective,
    FeatureAlignmentObjective,
    LabelledTargetObjective,
)

CONFIGS = sorted(
    str(p.relative_to(ROOT))
    for folder in ('phfa', 'sim')
    for p in (ROOT / f'configs/{folder}').glob('*.py')
)
NAME = re.compile(
    r'(?P<method>phfa|sim)(_(?P<variant>(?!r101|lite)[a-z][-a-z]+))?'
    r'_(?P<network>r101_200k|lite0_few)_(?P<data>[\w-]+)-(?P<size>\d+)x\d+'
)
# terms of the objective on the target, as the names have them
TERMS = dict(
    aa=[AdversarialObjective],
    hfa=[EntropyObjective, FeatureAlignmentObjective],
    fa=[FeatureAlignmentObjective],
    sg=[LabelledTargetObjective],
)
FULL = ['aa', 'it', 'hfa', 'sg']
PARTS = {'source-only': [], None: FULL, 'blda': FULL, 'gbw': FULL}
SHOTS = dict.fromkeys(('gta2', 'synthia2', 'synthia-gta2'), 30)
SHOTS |= {'toys2toy10': 10, 'camvid-day2camvid-dusk10': 10}
SOURCES = {
    'toys2toy10': ['SYNTHIADataset', 'GTADataset'],
    'synthia-gta2cityscapes': ['SYNTHIADataset', 'GTADataset'],
}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def parts_of(file):
    """Name of a config, and the parts of PHFA that it says to have."""
    name = NAME.fullmatch(Path(file).stem)
    assert name, f'{file}: its name does not follow the scheme'
    variant = name['variant']
    if name['method'] == 'sim':
        return name, ['aa', 'fa', *(['sg'] if variant == 'ssl' else [])]
    return name, PARTS.get(variant, (variant or '').split('-'))


def load(file):
    cfg = Config.fromfile(ROOT / file)
    check_parts(cfg)
    cfg.model.segmentor.backbone.init_cfg = None
    return cfg


def load_translator(name):
    return Config.fromfile(ROOT / 'configs' / name)


@pytest.mark.parametrize('file', CONFIGS)
def test_is_made_as_its_name_says(file):
    name, parts = parts_of(file)
    cfg = load(file)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert not recipe_differences(file, cfg, model)
    kind = dict(sim='SIM', phfa='PHFA')[name['method']]
    assert type(model).__name__ == (kind if parts else 'SourceOnly')
    objectives = {o.prefix: o for o in model.objectives}
    assert list(objectives) == (['src', 'tgt'] if parts else ['src'])
    if 'tgt' in objectives:
        terms = [t for part in parts for t in TERMS.get(part, ())]
        assert [type(t) for t in objectives['tgt'].terms] == terms
    losses = [type(m) for m in model.student.modules()]
    assert (BLDALoss in losses) == (name['variant'] == 'blda')
    assert (GBWLoss in losses) == (name['variant'] == 'gbw')

    data = cfg.train_dataloader.dataset
    shots = next((n for k, n in SHOTS.items() if name['data'].startswith(k)),
                 None)  # fmt: skip
    assert data.get('few_shot') == shots
    several = isinstance(data.source, list)
    sources = data.source if several else [data.source]
    if name['data'] in SOURCES:
        assert [s.type for s in sources] == SOURCES[name['data']]
        # each for half of the iterations
        assert data.progressive == [cfg.train_cfg.max_iters // 2]
    else:
        assert not several
    small = name['network'] == 'lite0_few'
    for source in sources:
        steps = [t.type for t in source.pipeline]
        assert ('FourierStyle' in steps) == ('it' in parts and small)
        if 'FourierStyle' in steps:
            # in front of the crop, so that the whole images are compared
            assert steps.index('FourierStyle') < steps.index('RandomCrop')
    translated = 'it' in parts and not small
    assert ('translation' in cfg) == translated
    if translated:
        # neither its images nor those of its network are others
        translator = load_translator(cfg.translation.translator)
        assert translator.train_dataloader.dataset.few_shot == 30
        assert f'_{name["data"]}-' in cfg.translation.translator
    assert model.num_classes == (11 if 'camvid' in file else 19)
    if small:
        assert cfg.train_cfg.max_iters == 1000
        assert ends_of(cfg) <= {1000, 1001}
        assert model.data_preprocessor.size == (192, 192)


def ends_of(cfg):
    """Where schedules end."""
    schedules = cfg.param_scheduler
    if isinstance(schedules, dict):
        schedules = [*schedules.student, *schedules.discriminator]
    return {s.end for s in schedules if s.type == 'PolyLR'}


@pytest.mark.parametrize(
    'file', [f for f in CONFIGS if 'sg' in parts_of(f)[1]]
)
def test_second_stage_is_the_first_with_labels(file):
    cfg = load(file)
    first = load(f'configs/{cfg.first_stage.config}')
    assert 'first_stage' not in first
    assert cfg.first_stage.pseudo_labels == dict(share=0.5, cap=0.9)
    few = [c.train_dataloader.dataset.get('few_shot') for c in (cfg, first)]
    assert few[0] == few[1]
    data = cfg.train_dataloader.dataset
    assert data.target.pipeline[1].type == 'LoadAnnotations'
    assert data.source == first.train_dataloader.dataset.source
    # else the same, but for the loss and SIM's weights
    assert cfg.model.labelled_target == {}
    for key in ('type', 'adversarial', 'max_square'):
        assert cfg.model.get(key) == first.model.get(key)
    loss = cfg.model.segmentor.decode_head.pop('loss_decode')
    first.model.segmentor.decode_head.pop('loss_decode')
    assert cfg.model.segmentor == first.model.segmentor
    if not isinstance(loss, list) and loss.type == 'CrossEntropyLoss':
        assert cfg.optim_wrapper == first.optim_wrapper


@pytest.mark.parametrize('which', ['source-only', 'aa', 'aa-it', 'aa-it-sg'])
def test_rows_of_the_ablation_differ_in_their_part_alone(which):
    tail = 'lite0_few_camvid-day2camvid-dusk-192x192.py'
    cfg = load(f'configs/phfa/phfa_{which}_{tail}')
    whole = load(f'configs/phfa/phfa_{tail}')
    for key in ('val_dataloader', 'test_pipeline', 'custom_hooks'):
        assert cfg[key] == whole[key]
    assert cfg.model.segmentor == whole.model.segmentor
    student = cfg.optim_wrapper.get('student', cfg.optim_wrapper)
    assert student.optimizer == whole.optim_wrapper.student.optimizer


# ------------------------------------------------------------ for an iteration


def batch_of(size, num_classes, labels):
    """Two images of noise as a data loader gives them."""
    samples = []
    for _ in range(2):
        sample = SegDataSample(metainfo=dict(img_shape=(size, size)))
        if labels:
            label = torch.randint(0, num_classes, (1, 2, 2))
            label = label.repeat_interleave(32, 1).repeat_interleave(32, 2)
            sample.gt_sem_seg = PixelData(data=label)
        samples.append(sample)
    inputs = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    return dict(inputs=list(inputs), data_samples=samples)


@cache
def one_step(model, optim_wrapper, labelled):
    """Losses of a step; the same model is trained once."""
    model, optim_wrapper = (
        Config.fromstring(text, '.py').part for text in (model, optim_wrapper)
    )
    torch.manual_seed(0)
    model = MODELS.build(model)
    model.init_weights()
    model.train()
    wrapper = build_optim_wrapper(model, optim_wrapper)
    wrapper.initialize_count_status(model, 0, 1)
    classes = model.num_classes
    batch = dict(
        source=batch_of(64, classes, True),
        target=batch_of(64, classes, labelled),
    )
    return model.train_step(batch, wrapper)


@pytest.mark.parametrize(
    'file', [f for f in CONFIGS if 'lite0' in f and 'dusk10' not in f]
)
def test_trains_one_step(file):
    _, parts = parts_of(file)
    cfg = load(file)
    cfg.model.segmentor.data_preprocessor.size = (64, 64)
    texts = (
        Config(dict(part=cfg[key])).pretty_text
        for key in ('model', 'optim_wrapper')
    )
    logs = one_step(*texts, 'sg' in parts)
    losses = {k: v for k, v in logs.items() if 'loss' in k}
    assert np.isfinite(list(losses.values())).all()
    found = {k.split('.')[0] for k in losses} - {'loss'}
    expected = {'src'}
    expected |= {'tgt', 'discriminator'} if 'aa' in parts else set()
    assert found == expected, losses.keys()
    supervised = {k for k in losses if k.startswith('src.decode.loss')}
    labelled = {k.replace('src', 'tgt', 1) for k in supervised} & {*losses}
    assert len(labelled) == len(supervised) * ('sg' in parts), losses.keys()
    align = 'tgt.loss_stuff' in losses and 'tgt.loss_thing' in losses
    assert align == bool({'fa', 'hfa'} & {*parts}), losses.keys()
    for hook in cfg.custom_hooks:
        assert HOOKS.get(hook.type)
