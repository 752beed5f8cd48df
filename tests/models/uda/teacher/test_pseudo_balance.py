"""Pseudo-labels of balanced scores."""

from contextlib import nullcontext

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmseg_balance.logits import post_hoc_scores
from mmseg_balance.models.uda import segmentor
from mmseg_balance.models.uda.teacher.pseudo_labels import pseudo_labels

BLDA = dict(type='BLDALoss', num_classes=4)


def give_statistics(model):
    """Banks in which no class has the distributions of another."""
    statistics = model.student.decode_head.loss_decode.statistics
    generator = torch.Generator().manual_seed(3)
    for bank in (statistics.source, statistics.target, statistics.anchors):
        noise = torch.randn(bank.means.shape, generator=generator)
        bank.means.copy_(2 * noise)
        bank.num_updates.fill_(1)
    statistics._forget()
    return statistics


@pytest.mark.parametrize('weighting', ['batch', 'pixel'])
def test_labels_are_those_of_the_scores(build, batch, weighting):
    settings = dict(pseudo_threshold=0.4, pseudo_weighting=weighting)
    model = build(loss=BLDA, pseudo_balance=0.7, **settings)
    statistics = give_statistics(model)
    pseudo = model.prepare(batch()).pseudo
    torch.manual_seed(0)
    step = model.prepare(batch())
    logits = model.teacher_logits(step.target_images)
    scores = post_hoc_scores(
        logits, statistics.target, statistics.anchors, 0.7
    )
    plain = pseudo_labels(logits, 0.4, weighting=weighting)
    assert torch.equal(pseudo.labels, scores.argmax(1))
    assert not torch.equal(pseudo.labels, plain.labels)
    # how confident the teacher is does not depend on the balance
    assert torch.equal(pseudo.weight, plain.weight)
    assert 0 < pseudo.confident < 1


def test_tau_0_changes_nothing(build, batch):
    made = []
    for tau in (None, 0, 0.0):
        torch.manual_seed(0)
        model = build(loss=BLDA, pseudo_balance=tau, pseudo_threshold=0.3)
        give_statistics(model)
        made.append(model.prepare(batch()).pseudo)
    for pseudo in made[1:]:
        assert torch.equal(pseudo.labels, made[0].labels)
        torch.testing.assert_close(pseudo.weight, made[0].weight)
        torch.testing.assert_close(pseudo.confident, made[0].confident)


def test_nothing_is_balanced_before_the_first_update(build, batch):
    model = build(loss=BLDA, pseudo_balance=1.0)
    step = model.prepare(batch())
    logits = model.teacher_logits(step.target_images)
    assert torch.equal(step.pseudo.labels, logits.argmax(1))


def test_training_follows_the_student(build, batch):
    model = build(
        loss=BLDA | dict(min_samples=20),
        pseudo_balance=1.0,
        pseudo_threshold=0.0,
        jitter_probability=0.0,
        blur_probability=0.0,
    )
    wrapper = OptimWrapper(torch.optim.SGD(model.trainable.parameters(), 0.05))
    statistics = model.student.decode_head.loss_decode.statistics
    assert model.balance.statistics is statistics
    for i in range(4):
        logs = model.train_step(batch(), wrapper)
        model.student.decode_head.loss_decode.update_statistics()
        model.update_teacher(i + 1)
    assert logs['loss'] > 0
    assert (statistics.target.num_updates > 0).any()
    step = model.prepare(batch())
    logits = model.teacher_logits(step.target_images)
    assert not torch.equal(step.pseudo.labels, logits.argmax(1))


def test_state_dict_is_as_without(build):
    with_, without = (
        build(loss=BLDA, pseudo_balance=tau) for tau in (1.0, None)
    )
    assert list(with_.state_dict()) == list(without.state_dict())


def test_no_value_is_fetched(build, batch, monkeypatch):
    """On the meta device whatever makes the host wait raises."""
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    logs = {}
    monkeypatch.setattr(
        segmentor, 'to_host', lambda found, _: logs.update(found)
    )
    model = build(loss=BLDA, pseudo_balance=1.0).to('meta')
    wrapper = OptimWrapper(torch.optim.SGD(model.trainable.parameters(), 0.1))
    for _ in range(2):
        model.train_step(batch(), wrapper)
        model.student.decode_head.loss_decode.update_statistics()
        model.update_teacher(2)
    assert logs['mix.confident'].device.type == 'meta'


def test_mixed_precision_scores_in_float32(build):
    model = build(loss=BLDA, pseudo_balance=1.0)
    give_statistics(model)
    logits = torch.randn(1, 4, 8, 8).bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        scores = model.balance(logits)
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, model.balance(logits.float()))


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(loss=BLDA, pseudo_balance=-1), '`pseudo_balance`.*got -1'),
        (dict(loss=BLDA, pseudo_balance=float('inf')), 'but got inf'),
        (dict(loss=BLDA, pseudo_balance='1'), "but got '1'"),
        (dict(pseudo_balance=1.0), 'needs the distributions of a BLDALoss'),
        (
            dict(loss=BLDA | dict(grid_size=None), pseudo_balance=1.0),
            'grid_size of the BLDALoss is None',
        ),
        (
            dict(kind='SourceOnly', loss=BLDA, pseudo_balance=1.0),
            'no objective learns from pseudo-labels',
        ),
    ],
)
def test_what_cannot_be_balanced(build, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_labels_are_those_of_what_a_method_says_the_logits_are(
    build, batch, monkeypatch
):
    model = build(pseudo_threshold=0.4)
    monkeypatch.setattr(
        type(model), 'teacher_logits', lambda self, x: 9 * _one_class(x)
    )
    assert (model.prepare(batch()).pseudo.labels == 2).all()


def _one_class(images):
    logits = images.new_zeros(len(images), 4, *images.shape[-2:])
    logits[:, 2] = 1
    return logits
