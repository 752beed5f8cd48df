"""Adversarial and entropy methods that cannot work are refused."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS

from mmseg_balance.engine import AdversarialOptimWrapperConstructor

SGD = dict(optimizer=dict(type='SGD', lr=0.1))


@pytest.mark.parametrize('kind', ['AdaptSegNet', 'AdvEnt', 'MinEnt'])
def test_one_class_is_refused(segmentor, build, kind):
    cfg = segmentor()
    cfg['decode_head'].update(num_classes=1, out_channels=1)
    with pytest.raises(ValueError, match='decode_head.num_classes is 1'):
        build(kind, segmentor=cfg)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(inputs='logits'), "`inputs`.*'logits'"),
        (dict(loss_type='hinge'), "`loss_type`.*'hinge'"),
        (dict(loss_weight=-1), '`loss_weight`.*-1'),
        (dict(auxiliary_loss_weight='a'), '`auxiliary_loss_weight`'),
        (dict(discriminator=dict(base_channels=0)), '`base_channels`.*0'),
    ],
)
def test_settings_out_of_range(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build('AdvEnt', adversarial=settings)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(kind='gini'), "`kind`.*'gini'"),
        (dict(loss_weight=float('nan')), '`loss_weight`.*nan'),
        (dict(ratio=1.5), r'`ratio`.*\[0, 1\].*1.5'),
    ],
)
def test_entropy_settings_out_of_range(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build('MinEnt', entropy=settings)


def test_crops_too_small_for_the_discriminator(segmentor, build):
    cfg = segmentor()
    cfg['data_preprocessor']['size'] = (32, 24)
    with pytest.raises(ValueError, match=r'\(32, 24\).*32 x 32'):
        build('AdaptSegNet', segmentor=cfg)


def test_an_adversary_without_source(segmentor):
    objectives = [dict(type='AdversarialObjective')]
    cfg = dict(segmentor=segmentor(), objectives=objectives)
    with pytest.raises(ValueError, match='SourceObjective'):
        MODELS.build(dict(type='UDASegmentor', **cfg))


def test_optimizers_that_are_not_the_models(batch, build, optimizers):
    adversarial, plain = build('AdvEnt'), build('MinEnt')
    sgd = torch.optim.SGD(adversarial.trainable.parameters(), 0.1)
    with pytest.raises(TypeError, match='has one optimizer.*Adversarial'):
        adversarial.train_step(batch(), OptimWrapper(sgd))
    with pytest.raises(TypeError, match='discriminator.*no discriminators'):
        plain.train_step(batch(), optimizers(adversarial))
    constructor = AdversarialOptimWrapperConstructor(
        dict(student=SGD, discriminator=SGD)
    )
    with pytest.raises(TypeError, match="no discriminators.*'MinEnt'"):
        constructor(plain)


@pytest.mark.parametrize(
    'cfg, paramwise, message',
    [
        (dict(student={}), None, r"got \['student'\]"),
        (dict(student={}, discriminator={}, type='A'), None, "'type'"),
        (dict(student={}, discriminator={}), {}, "'paramwise_cfg'"),
        (
            dict(student=SGD, discriminator=None),
            None,
            'optim_wrapper.discriminator is None',
        ),
        (
            dict(student=dict(optimizer=None), discriminator=SGD),
            None,
            r"optim_wrapper.student is \{'optimizer': None\}",
        ),
    ],
)
def test_keys_of_the_optimizers(cfg, paramwise, message):
    with pytest.raises(ValueError, match=message):
        AdversarialOptimWrapperConstructor(cfg, paramwise)
