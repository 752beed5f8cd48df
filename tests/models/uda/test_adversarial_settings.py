"""Adversarial and entropy methods that cannot work are refused."""

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS
from torch import nn

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
        (dict(discriminator='FCDiscriminator'), '`discriminator`.*dict'),
        (dict(discriminator=dict(in_channels=7)), 'without in_channels'),
        (dict(inputs=['softmax']), '`inputs`.*softmax'),
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
        (
            dict(kind='image_weighted_max_square', ratio=1.5),
            r'`ratio`.*\[0, 1\].*1.5',
        ),
        (dict(ratio=0.5), "`ratio`.*`kind` is 'entropy'"),
        (dict(kind=['entropy']), '`kind`.*entropy'),
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
    with pytest.raises(TypeError, match='discriminator.*no objectives with'):
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


def test_a_head_that_takes_no_part_may_have_one_class(segmentor, build):
    cfg = segmentor()
    cfg['auxiliary_head'] = {**cfg['decode_head'], 'num_classes': 1}
    cfg['auxiliary_head']['out_channels'] = 1
    with pytest.raises(ValueError, match='auxiliary_head.num_classes is 1'):
        build('MinEnt', segmentor=cfg)
    settings = dict(auxiliary_loss_weight=0)
    build('MinEnt', segmentor=cfg, entropy=settings)


def test_small_crops_are_named_where_they_come(build):
    discriminator = MODELS.build(dict(type='FCDiscriminator', in_channels=4))
    with pytest.raises(ValueError, match=r'32 x 32.*\(32, 24\).*RandomCrop'):
        discriminator(torch.zeros(1, 4, 32, 24))


def test_initial_weights_of_a_discriminator(build):
    settings = dict(type='WarmDiscriminator')
    model = build('AdvEnt', adversarial=dict(discriminator=settings))
    model.init_weights()
    assert model.discriminators['decode'].weight.unique().item() == 7


@MODELS.register_module()
class WarmDiscriminator(BaseModule):
    """One convolution with an ``init_cfg``."""

    def __init__(self, in_channels):
        super().__init__(dict(type='Constant', layer='Conv2d', val=7))
        self.conv = nn.Conv2d(in_channels, 1, 1)

    @property
    def weight(self):
        return self.conv.weight

    def forward(self, maps):
        return self.conv(maps)


def test_no_objectives(segmentor):
    with pytest.raises(ValueError, match='`objectives`.*none'):
        MODELS.build(
            dict(type='UDASegmentor', segmentor=segmentor(), objectives=[])
        )


@pytest.mark.parametrize('alpha', ['0.9', 1.0, float('nan')])
def test_momentum_of_the_teacher(build, alpha):
    with pytest.raises(ValueError, match='`alpha`'):
        build('MinEnt', alpha=alpha)


def test_crops_of_two_sizes(build, batch):
    """Nothing is mixed, so each domain may have its own."""
    model = build('MinEnt')
    model.data_preprocessor.size = None
    model.data_preprocessor.size_divisor = 8
    data = batch(target_size=48)
    wrapper = OptimWrapper(torch.optim.SGD(model.trainable.parameters(), 0.1))
    logs = model.train().train_step(data, wrapper)
    assert logs['tgt.decode.loss_entropy'] > 0
    with pytest.raises(ValueError, match='of one shape'):
        build('DACS').prepare(data)
