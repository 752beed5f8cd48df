"""Methods for classifiers as compositions."""

import math
import warnings

import pytest
import torch
from helpers.paths import ROOT
from helpers.tiny_classifiers import classifier_cfg, image_batch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from mmseg_balance.models.uda.classification import CDAN, MCC

BASES = ROOT / 'configs/_base_'
# terms of the joint pass, and whether masked images are learnt
METHODS = dict(
    JointAdaptation=((), False),
    MCCAdaptation=((MCC,), False),
    CDANAdaptation=((CDAN,), False),
    SDAT=((CDAN, MCC), False),
    ClassificationMIC=((CDAN, MCC), True),
)


def make(build, kind, **kwargs):
    cfg = classifier_cfg()
    return build(kind, segmentor=cfg, **kwargs)


@pytest.mark.parametrize('kind', METHODS)
def test_parts_of_a_method(build, optimizers, kind):
    terms, has_masks = METHODS[kind]
    model = make(build, kind)
    joint, *others = model.objectives
    assert tuple(type(term) for term in joint.terms) == terms
    assert (model.teacher is not None) == has_masks == bool(others)
    sam = dict(type='SAMOptimWrapper', rho=0.02)
    for settings in ({}, sam, dict(sam, dtype='bfloat16')):
        model.teacher_is_current = True
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter('always')
            logs = model.train_step(
                image_batch(), optimizers(model, **settings)
            )
        told = [w for w in warned if "'SAMOptimWrapper'" in str(w.message)]
        promises_sam = kind in ('SDAT', 'ClassificationMIC')
        assert bool(told) == (promises_sam and not settings)
        assert all(math.isfinite(value) for value in logs.values())
        assert ('joint.loss_mcc' in logs) == (MCC in terms)
        assert ('joint.loss_cdan' in logs) == (CDAN in terms)
        assert ('masked.decode.loss_ce' in logs) == has_masks
        assert ('pass1.loss' in logs) == bool(settings)


def test_defaults_of_mic_are_those_of_the_public_code(build):
    model = make(build, 'ClassificationMIC')
    masked = model.objectives[1]
    found = masked.block_size, masked.mask_ratio, masked.weighted_passes
    assert found == (64, 0.7, (1,))
    step = model.prepare(image_batch())
    assert (step.pseudo.weight == 1).all()  # no threshold
    by_config = Config.fromfile(BASES / 'uda/classifier_mic.py').uda_model
    other = make(
        build,
        by_config.pop('type'),
        **{k: v for k, v in by_config.items() if k != 'mcc'},
    )
    for name in ('block_size', 'mask_ratio', 'weighted_passes', '_settings'):
        assert getattr(other.objectives[1], name) == getattr(masked, name)
    assert other.alpha == model.alpha == 0.9


def test_trade_off_weighs_all_but_the_source(build):
    model = make(build, 'ClassificationMIC', trade_off=0.5)
    joint, masked = model.objectives
    for part in (*joint.terms, masked):
        assert part.loss_weight == (1.0, 0.5)
    own = make(build, 'SDAT', trade_off=0.5, mcc=dict(loss_weight=2.0))
    assert [t.loss_weight for t in own.objectives[0].terms] == [(1.0, 0.5), 2]


@pytest.mark.parametrize('kind', ['SDAT', 'ClassificationMIC'])
def test_segmentors_are_refused(build, segmentor, kind):
    with pytest.raises(TypeError, match='EncoderDecoder.*labels pixels.*DACS'):
        build(kind, segmentor=segmentor())


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(trade_off=-1), '`trade_off` of SDAT'),
        (dict(cdan=True), '`cdan` of SDAT to be a dict'),
        (dict(mcc=dict(temperature=-1)), '`temperature` of MCC'),
        (dict(masked_consistency={}), 'alpha'),
        (dict(cdan=dict(hidden=1.5)), '`hidden` of CDAN'),
        (dict(mcc=None), "mcc of SDAT is None.*'JointAdaptation'"),
        (dict(cdan=None), "cdan of SDAT is None.*'JointAdaptation'"),
    ],
)
def test_settings_out_of_range(build, settings, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make(build, 'SDAT', **settings)


def test_student_does_not_depend_on_the_discriminator(build):
    states = []
    for kind in ('MCCAdaptation', 'SDAT'):
        torch.manual_seed(0)
        states.append(make(build, kind).student.state_dict())
    for a, b in zip(*(state.values() for state in states), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ('name', 'iterations', 'rate'),
    [
        ('sgd_30k_inverse', 30000, 0.002),
        ('sam_30k_inverse', 30000, 0.002),
        ('sgd_15k_inverse', 15000, 0.002),
        ('sam_15k_inverse', 15000, 0.002),
        ('sgd_500_inverse', 500, 0.03),
        ('sam_500_inverse', 500, 0.03),
    ],
)
def test_schedules(build, name, iterations, rate):
    cfg = Config.fromfile(BASES / f'schedules/{name}.py')
    assert cfg.train_cfg.max_iters == iterations
    wrapper = build_optim_wrapper(make(build, 'SDAT'), cfg.optim_wrapper)
    rho = 0.02 if name.startswith('sam') else None
    assert getattr(wrapper, 'rho', None) == rho
    sizes = {
        group['lr']: sum(p.numel() for p in group['params'])
        for group in wrapper.optimizer.param_groups
    }
    backbone = sum(
        p.numel() for p in make(build, 'SDAT').student.backbone.parameters()
    )
    assert sizes.keys() == {rate, rate / 10}
    assert sizes[rate / 10] == backbone
