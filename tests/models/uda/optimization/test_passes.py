"""A step of several passes, on methods of segmentation."""

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models import recording
from mmseg_balance.models.backward_pass import BackwardPass, counts
from mmseg_balance.models.uda import Objective
from mmseg_balance.models.uda.optimization.passes import Draws


@pytest.fixture
def sam(optimizers):
    def sam(model, rho=0.05, **kwargs):
        return optimizers(model, type='SAMOptimWrapper', rho=rho, **kwargs)

    return sam


def values(module):
    return [p.detach().clone() for p in module.parameters()]


def plain(model):
    parameters = [*model.trainable.parameters()]
    return OptimWrapper(torch.optim.SGD(parameters, lr=0.1))


def train(model, wrapper, batch, steps=1):
    """Steps of a model whose draws follow from their number alone."""
    for i in range(steps):
        torch.manual_seed(i)
        model.teacher_is_current = True
        logs = model.train_step(batch(seed=i), wrapper)
    return logs


def test_step_of_dacs_is_sam_on_the_sum_of_its_losses(
    build, sam, batch, segmentor
):
    """By hand: the gradient, the weights moved, the gradient there.

    Dropout, class masks and colours are the same in both passes, or the
    second gradient would be of another loss.
    """
    cfg = segmentor(dropout=0.3)
    model = build(segmentor=cfg)
    hand, moved = copy.deepcopy(model), copy.deepcopy(model)
    torch.manual_seed(3)
    logs = model.train_step(batch(), sam(model))

    def gradient(net):
        torch.manual_seed(3)
        step = net.prepare(batch())
        total = 0
        for objective in net.objectives:
            total = total + net.parse_losses(objective(net.student, step))[0]
        parameters = [*net.trainable.parameters()]
        return total, torch.autograd.grad(total, parameters)

    first, found = gradient(hand)
    norm = torch.cat([g.flatten() for g in found]).norm()
    with torch.no_grad():
        for p, g in zip(moved.trainable.parameters(), found, strict=True):
            p += 0.05 * g / norm
    second, found = gradient(moved)
    for before, after, g in zip(
        hand.trainable.parameters(),
        model.trainable.parameters(),
        found,
        strict=True,
    ):
        torch.testing.assert_close(after, before - 0.1 * g)
    assert logs['pass1.loss'] == pytest.approx(float(first.detach()), rel=1e-5)
    assert logs['loss'] == pytest.approx(float(second.detach()), rel=1e-5)
    assert logs['loss'] > logs['pass1.loss']


def test_rho_0_is_the_optimizer_itself(build, optimizers, sam, batch):
    one = build()
    other = copy.deepcopy(one)
    train(one, optimizers(one), batch, 2)
    train(other, sam(other, rho=0.0), batch, 2)
    for a, b in zip(values(one), values(other), strict=True):
        assert torch.equal(a, b)
    # each pass counts in the running statistics, as in the public code
    norms = [
        [m for m in model.student.modules() if isinstance(m, nn.BatchNorm2d)]
        for model in (one, other)
    ]
    for a, b in zip(*norms, strict=True):
        assert 2 * a.num_batches_tracked == b.num_batches_tracked


@pytest.mark.parametrize(
    ('kind', 'settings'),
    [
        ('SourceOnly', {}),
        ('MIC', dict(masked_consistency=dict(block_size=8))),
        ('MinEnt', {}),
    ],
)
def test_other_methods_train_with_it(build, sam, batch, kind, settings):
    model = build(kind, **settings)
    before = values(model.student)
    logs = train(model, sam(model), batch, 2)
    assert logs['loss'] > 0 and logs['pass1.loss'] > 0
    assert any(
        not torch.equal(a, b)
        for a, b in zip(before, values(model.student), strict=True)
    )


COUNTED = dict(num_classes=4, counts='online')
LOSSES = dict(
    blda=dict(type='BLDALoss', num_classes=4, min_samples=1),
    blda_of_gbw=dict(
        type='BLDALoss',
        num_classes=4,
        min_samples=1,
        criterion=dict(type='GBWLoss'),
    ),
    lbw=dict(type='LBWLoss', num_classes=4),
    seesaw=dict(type='SeesawLoss', **COUNTED),
    class_balanced=dict(type='ClassBalancedLoss', unit='pixels', **COUNTED),
)


@pytest.mark.parametrize('name', LOSSES)
def test_statistics_of_losses_are_of_the_first_pass(build, sam, batch, name):
    with_sam = build(loss=LOSSES[name])
    alone = copy.deepcopy(with_sam)
    states = []
    for model, make in ((with_sam, sam), (alone, plain)):
        loss = model.student.decode_head.loss_decode
        before = copy.deepcopy(loss.state_dict())
        train(model, make(model), batch)
        loss.update_statistics()
        states.append(loss.state_dict())
    assert any(not torch.equal(states[0][k], v) for k, v in before.items())
    assert all(torch.equal(states[0][k], states[1][k]) for k in before)
    assert counts()


SOURCE = dict(type='SourceLoss', criterion=dict(type='DiceLoss'))


@pytest.mark.parametrize(
    ('kind', 'loss'),
    [
        ('DACS', LOSSES['blda_of_gbw']),
        ('DACS', LOSSES['lbw']),
        ('DACS', [dict(type='CrossEntropyLoss'), SOURCE]),
        ('MIC', None),
        ('MaxSquare', None),
        ('SourceOnly', None),
    ],
)
def test_both_passes_are_of_one_loss(build, sam, batch, segmentor, kind, loss):
    """Where the weights are not moved it has one value, term by term."""
    cfg = segmentor(loss, dropout=0.3)
    settings = {}
    if kind == 'MIC':
        settings['masked_consistency'] = dict(block_size=8)
    model = build(kind, segmentor=cfg, **settings)
    passes = []
    parse = model.parse_losses

    def parse_losses(losses):
        passes.append({k: v.detach() for k, v in losses.items()})
        return parse(losses)

    model.parse_losses = parse_losses
    logs = train(model, sam(model, rho=0.0), batch)
    half = len(passes) // 2
    assert half == len(model.objectives)
    for first, second in zip(passes[:half], passes[half:], strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert logs['loss'] == pytest.approx(logs['pass1.loss'], rel=1e-6)


def adversarial_optimizers(model, student, discriminator='OptimWrapper'):
    sgd = dict(type='SGD', lr=0.1)
    return build_optim_wrapper(
        model,
        dict(
            constructor='AdversarialOptimWrapperConstructor',
            student=dict(type=student, optimizer=sgd),
            discriminator=dict(type=discriminator, optimizer=sgd),
        ),
    )


def test_discriminators_learn_once(build, batch):
    """Of what the student predicts in the first pass, at its own weights."""
    one = build('AdvEnt')
    other = copy.deepcopy(one)
    train(one, adversarial_optimizers(one, 'OptimWrapper'), batch)
    train(other, adversarial_optimizers(other, 'SAMOptimWrapper'), batch)
    for part, is_equal in (('discriminators', True), ('student', False)):
        both = values(getattr(one, part)), values(getattr(other, part))
        pairs = zip(*both, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == is_equal


def test_discriminators_with_several_passes_are_refused(build):
    with pytest.raises(ValueError, match='optim_wrapper.discriminator.type'):
        adversarial_optimizers(
            build('AdvEnt'), 'OptimWrapper', 'SAMOptimWrapper'
        )


def test_pictures_are_those_of_the_first_pass(build, sam, batch):
    class Taker:
        def __init__(self):
            self.seen = []

        def wants(self, row, name):
            return True

        def record(self, row, name, value):
            self.seen.append((row, name))

    model, taker = build(), Taker()
    with recording.recording(taker):
        train(model, sam(model), batch)
    alone, expected = build(), Taker()
    with recording.recording(expected):
        train(alone, plain(alone), batch)
    assert taker.seen == expected.seen != []


@MODELS.register_module()
class SecondPassObjective(Objective):
    """Notes the passes that it takes part in."""

    prefix = 'second'
    sam_passes = (2,)

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, student, step):
        self.seen.append((step.backward_pass, counts()))
        return dict(
            loss_weights=student.decode_head.conv_seg.weight.square().sum()
        )


def test_objectives_say_in_which_passes_they_take_part(build, sam, batch):
    model = build(
        'UDASegmentor',
        objectives=[
            dict(type='SourceObjective'),
            dict(type='SecondPassObjective'),
        ],
    )
    logs = train(model, sam(model), batch)
    part = model.objectives[1]
    assert part.seen == [(BackwardPass(2, 2), True)]
    # the first pass has the losses of the source alone
    assert logs['pass1.loss'] < logs['loss'] - logs['second.loss_weights'] + 1
    assert logs['second.loss_weights'] > 0
    train(model, plain(model), batch)
    assert part.seen[1] == (BackwardPass(1, 1), True)


def test_a_first_pass_without_objectives_moves_no_weights(build, sam, batch):
    model = build(
        'UDASegmentor', objectives=[dict(type='SecondPassObjective')]
    )
    alone = copy.deepcopy(model)
    logs = train(model, sam(model), batch)
    assert logs == train(alone, plain(alone), batch)
    for a, b in zip(values(model), values(alone), strict=True):
        assert torch.equal(a, b)


def test_draws_are_repeated_part_by_part():
    draws, found = Draws(), []
    torch.manual_seed(0)
    for parts in (('a', 'b'), ('a', 'new', 'b')):
        for part in parts:
            draws.repeat(part)
            found.append((part, torch.rand(3)))
            torch.rand(2)
    a, b, again, new, last = (value for _, value in found)
    assert torch.equal(a, again) and torch.equal(b, last)
    assert not torch.equal(new, a)
