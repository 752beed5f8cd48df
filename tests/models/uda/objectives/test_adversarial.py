"""What the student and its discriminators learn in a step."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from mmseg_balance.models.uda.adversaries.discriminator import (
    FCDiscriminator,
    frozen,
)
from mmseg_balance.models.uda.entropy.self_information import (
    entropy,
    image_weighted_max_square,
    max_square,
)
from mmseg_balance.models.uda.objectives import (
    AdversarialObjective,
    SourceObjective,
)
from mmseg_balance.models.uda.teacher.image_logits import image_logits


def flat(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def auxiliary(segmentor):
    decode = segmentor()['decode_head']
    return segmentor(auxiliary_head=[dict(decode), dict(decode)])


@pytest.mark.parametrize('weight, names', [(0.1, 3), (0.0, 1)])
def test_each_output_has_a_discriminator(
    segmentor, batch, build, optimizers, weight, names
):
    model = build(
        'AdvEnt',
        segmentor=auxiliary(segmentor),
        adversarial=dict(auxiliary_loss_weight=weight),
    )
    wanted = ['decode', 'aux_0', 'aux_1'][:names]
    assert list(model.discriminators) == wanted
    before = {k: copy.copy(v) for k, v in vars(model.adversary).items()}
    logs = model.train_step(batch(), optimizers(model))
    assert vars(model.adversary) == before  # nothing is kept
    for start in ('adv', 'discriminator'):
        losses = [k for k in logs if k.startswith(start) and 'loss' in k]
        assert {k.split('.')[1] for k in losses} == set(wanted)
    parts = [v for k, v in logs.items() if '.loss_' in k and 'disc' not in k]
    assert logs['loss'] == pytest.approx(sum(parts), rel=1e-5)


class MoreOfTheSource(SourceObjective):
    prefix = 'more'


def test_several_that_predict_the_source(batch, build, optimizers):
    """The names of 0.1.0, which logged the last one, stay."""
    kinds = [SourceObjective, MoreOfTheSource, AdversarialObjective]
    model = build('UDASegmentor', objectives=[kind() for kind in kinds])
    logs = model.train_step(batch(), optimizers(model))
    names = ['src.decode', 'decode']  # in the order of the objectives
    assert [k for k in logs if k.endswith('loss_source')] == [
        f'discriminator.{name}.loss_source' for name in names
    ]
    for kind in ('loss', 'acc'):
        first, last = (
            logs[f'discriminator.{name}.{kind}_source'] for name in names
        )
        assert first == last  # the student is one


def test_each_optimizer_moves_its_own(batch, build, optimizers):
    model = build('AdaptSegNet')
    wrapper = optimizers(model)
    for moved, still in (
        ('student', 'discriminators'),
        ('discriminators', 'student'),
    ):
        for part in ('student', 'discriminator'):
            lr = 0.1 if part in moved else 0.0
            wrapper[part].optimizer.param_groups[0]['lr'] = lr
        before = {k: flat(getattr(model, k)) for k in (moved, still)}
        model.train_step(batch(), wrapper)
        assert torch.equal(before[still], flat(getattr(model, still)))
        assert not torch.equal(before[moved], flat(getattr(model, moved)))
        assert all(p.requires_grad for p in model.discriminators.parameters())


def test_discriminators_learn_to_tell_the_domains_apart(
    batch, build, optimizers
):
    model = build('AdaptSegNet', adversarial=dict(loss_type='ls'))
    wrapper = optimizers(model)
    wrapper['student'].optimizer.param_groups[0]['lr'] = 0.0
    nn.init.normal_(model.student.decode_head.conv_seg.weight)
    data = batch()
    for image in data['target']['inputs']:
        image.fill_(255)
    first = model.train_step(copy.deepcopy(data), wrapper)
    for _ in range(40):
        logs = model.train_step(copy.deepcopy(data), wrapper)
    both = [f'discriminator.decode.loss_{k}' for k in ('source', 'target')]
    assert sum(logs[k] for k in both) < sum(first[k] for k in both) / 2
    for domain in ('source', 'target'):
        assert logs[f'discriminator.decode.acc_{domain}'] == 100
    generator = 'adv.decode.loss_generator'
    assert logs[generator] > first[generator]


def test_accumulation_averages_iterations_of_both(batch, build, optimizers):
    model = build('AdaptSegNet')
    wrapper = optimizers(model, accumulative_counts=2)
    wrapper.initialize_count_status(model, 2, 5)
    parts = (model.student, model.discriminators)
    for i in range(2, 5):
        before = [flat(part) for part in parts]
        model.train_step(batch(seed=i), wrapper)
        # the last one alone is a step of its own
        moved = [not torch.equal(a, flat(b)) for a, b in zip(before, parts)]
        assert moved == [i in (3, 4)] * 2
        for part in ('student', 'discriminator'):
            assert wrapper[part].inner_count == i + 1


def test_frozen_parameters_get_no_gradient():
    net = FCDiscriminator(3, 2)
    net.conv1.bias.requires_grad_(False)
    maps = torch.randn(1, 3, 32, 32, requires_grad=True)
    with frozen(net):
        loss = net(maps).sum()
    loss.backward()
    assert maps.grad.abs().sum() > 0
    assert all(p.grad is None for p in net.parameters())
    without = [n for n, p in net.named_parameters() if not p.requires_grad]
    assert without == ['conv1.bias']


def test_masked_consistency_on_top(batch, build, optimizers):
    settings = dict(masked_consistency=dict(block_size=8), alpha=0.9)
    model = build('AdaptSegNet', pseudo_threshold=0.0, **settings)
    logs = model.train_step(batch(), optimizers(model))
    assert logs['masked.decode.loss_ce'] > 0
    assert logs['adv.decode.loss_generator'] > 0
    with pytest.raises(ValueError, match='alpha'):
        build('AdaptSegNet', masked_consistency={})


@pytest.mark.parametrize('kind', ['AdaptSegNet', 'AdvEnt', 'MinEnt'])
def test_bfloat16_autocast(batch, build, optimizers, kind):
    model = build(kind)
    wrapper = optimizers(model, type='AutocastOptimWrapper')
    seen = set()
    own = model.discriminators or nn.ModuleDict()
    for part in (model.student, *own.children()):
        first = next(m for m in part.modules() if isinstance(m, nn.Conv2d))
        first.register_forward_hook(lambda *args: seen.add(args[2].dtype))
    for i in range(2):
        logs = model.train_step(batch(seed=i), wrapper)
    assert seen == {torch.bfloat16}
    assert all(v == v for v in logs.values())
    assert all(p.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize(
    'kind, settings, loss, weight',
    [
        ('MinEnt', {}, entropy, 0.001),
        ('MaxSquare', {}, max_square, 0.1),
        (
            'MaxSquare',
            dict(max_square=dict(kind='image_weighted_max_square', ratio=0.4)),
            partial(image_weighted_max_square, ratio=0.4),
            0.1,
        ),
    ],
)
def test_padding_of_target_images_does_not_count(
    batch, build, kind, settings, loss, weight
):
    model = build(kind, **settings)
    nn.init.normal_(model.student.decode_head.conv_seg.weight)
    step = model.prepare(batch(target_size=24))
    (found,) = model.objectives[1](model.student, step).values()
    logits = image_logits(model.student, step.target_images)['decode']
    expected = weight * loss(logits[:, :, :24, :24])
    torch.testing.assert_close(found, expected)
