"""Class weights over the last iterations, and losses that keep them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.models.losses.class_weights import rank_sums
from mmseg_balance.models.losses.class_weights.weight_history import (
    WeightHistory,
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def test_moments_are_those_of_numpy():
    weights = np.array([[1.0, 3.0, 0.5], [2.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    history = WeightHistory()
    for row in weights:
        history.add(torch.from_numpy(row), 'source')
    history.add(torch.tensor([9.0, 8.0, 7.0], dtype=torch.float64), 'mixed')
    taken = history.take()
    assert set(taken) == {'source', 'mixed'}
    source = taken['source']
    assert source['calls'] == 3 and type(source['calls']) is int
    assert source['mean'] == pytest.approx(weights.mean(0).tolist())
    assert source['max'] == weights.max(0).tolist()
    assert source['variance'] == pytest.approx(weights.var(0).tolist())
    assert taken['mixed'] == dict(
        calls=1, mean=[9, 8, 7], max=[9, 8, 7], variance=[0, 0, 0]
    )
    assert history.take() == {}


def test_a_note_does_not_follow_what_becomes_of_the_weights():
    history, weights = WeightHistory(), torch.ones(2, dtype=torch.float64)
    history.add(weights, 'all')
    weights.fill_(5)
    assert history.take()['all']['max'] == [1, 1]


def test_gbw_notes_its_weights_by_domain():
    loss = MODELS.build(dict(type='GBWLoss', regularization=0.3))
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    labels = torch.randint(3, (2, 4, 4))
    mask = torch.ones_like(labels, dtype=torch.bool)
    expected = loss.weights(logits, labels).tolist()
    for target_mask in (None, None, mask):
        loss(logits, labels, target_mask=target_mask)
    taken = loss.history.take()
    assert taken['source']['calls'] == 2 and taken['mixed']['calls'] == 1
    assert taken['source']['mean'] == pytest.approx(expected)
    # neither without gradient, nor where it is not asked for
    loss(logits.detach(), labels, collect=False)
    with torch.no_grad():
        loss(logits, labels)
    loss.eval()(logits, labels)
    assert loss.history.take() == {}


def test_lbw_is_a_running_average_of_class_losses():
    loss = MODELS.build(dict(type='LBWLoss', num_classes=4, momentum=0.75))
    mean, share = np.zeros(4), np.zeros(4)
    for seed in range(3):
        torch.manual_seed(seed)
        logits = torch.randn(2, 4, 3, 3, requires_grad=True)
        labels = torch.randint(3, (2, 3, 3)) % (2 + seed)  # never class 3
        labels[0, 0, 0] = 255
        loss(logits, labels)
        pixels = F.cross_entropy(
            logits, labels, reduction='none', ignore_index=255
        )
        pixels, flat = pixels.detach().numpy(), labels.numpy()
        loss.update_statistics()
        for c in range(4):
            if (flat == c).any():
                found = pixels[(flat == c) & (flat != 255)].mean()
                mean[c] = 0.75 * mean[c] + 0.25 * found
                share[c] = 0.75 * share[c] + 0.25
        expected = np.ones(4)
        seen = share > 0
        expected[seen] = mean[seen] / share[seen]
        expected[seen] /= expected[seen].mean()
        np.testing.assert_allclose(loss.class_weights(), expected, rtol=1e-5)
    assert loss.class_weights()[3] == 1
    assert loss.history.take()['all']['calls'] == 3
    assert set(loss.state_dict()) == {'mean', 'share'}
    loss(logits, labels)
    loss.forget_statistics()
    loss.update_statistics()  # of what was observed before, nothing is left
    assert loss.class_weights().tolist() == [1] * 4


def test_lbw_adds_up_over_ranks(monkeypatch):
    """Another rank has seen the same, twice."""
    losses = []
    for ranks in (1, 3):
        monkeypatch.setattr(rank_sums, 'get_world_size', lambda r=ranks: r)
        monkeypatch.setattr(
            rank_sums, 'all_reduce', lambda t, op, r=ranks: t.mul_(r)
        )
        loss = MODELS.build(dict(type='LBWLoss', num_classes=2))
        torch.manual_seed(0)
        logits = torch.randn(1, 2, 3, 3, requires_grad=True)
        loss(logits, torch.randint(2, (1, 3, 3)))
        loss.update_statistics()
        losses.append(loss)
    torch.testing.assert_close(*[loss.class_weights() for loss in losses])
    reduce = rank_sums.sum_over_ranks()
    assert reduce(torch.ones(2)).tolist() == [3, 3]


@pytest.mark.parametrize('kind', ['GBWLoss', 'SoftmaxFocalLoss'])
def test_the_loss_of_each_pixel_is_asked_for_by_samplers(kind):
    loss = MODELS.build(dict(type=kind, loss_weight=3.0))
    logits = torch.randn(2, 3, 4, 5)
    labels = torch.randint(3, (2, 4, 5))
    labels[:, 0] = 255
    pixels = loss(logits, labels, reduction_override='none')
    assert pixels.shape == labels.shape and (pixels[:, 0] == 0).all()
    for mean in (None, 'mean'):
        found = loss(logits, labels, reduction_override=mean)
        torch.testing.assert_close(found, pixels.mean())
    with pytest.raises(ValueError, match="got 'sum'"):
        loss(logits, labels, reduction_override='sum')


def test_a_source_loss_is_its_criterion_on_the_source_alone():
    criterion = dict(type='SoftmaxFocalLoss', loss_name='loss_own')
    loss = MODELS.build(dict(type='SourceLoss', criterion=criterion))
    logits, labels = torch.randn(1, 3, 4, 4), torch.randint(3, (1, 4, 4))
    weight, mask = torch.rand(1, 4, 4), torch.ones(1, 4, 4).bool()
    labels[0, 0] = 7
    arguments = dict(weight=weight, ignore_index=7)
    expected = loss.criterion(logits, labels, **arguments)
    assert expected > 0
    assert loss(logits, labels, **arguments) == expected
    assert loss(logits, labels, target_mask=mask, **arguments) == 0
    assert loss(logits, labels, collect=False, **arguments) == 0
    assert loss.loss_name == 'loss_own'


@pytest.mark.parametrize('counts', ['online', [1.0, 2.0, 3.0]])
def test_online_counts_are_forgotten_and_saved_and_others_are_not(counts):
    loss = MODELS.build(
        dict(type='LogitAdjustmentLoss', num_classes=3, counts=counts)
    )
    online = counts == 'online'
    logits = torch.randn(2, 3, 2, 2, requires_grad=True)
    labels = torch.tensor([[[0, 0], [2, 255]], [[0, 1], [1, 1]]])
    mask = torch.ones_like(labels, dtype=torch.bool)
    for target_mask in (None, mask):
        loss(logits, labels, target_mask=target_mask)
    loss.update_statistics()
    expected = [3, 3, 1] if online else counts
    assert loss.counts.of('pixels').tolist() == expected
    if online:
        assert loss.counts.of('images').tolist() == [2, 1, 1]
    names = {'counts.pixels', 'counts.images'}
    assert set(loss.state_dict()) == (names if online else set())
    loss(logits, labels)
    loss.forget_statistics()
    loss.update_statistics()
    assert loss.counts.of('pixels').tolist() == (
        [0, 0, 0] if online else counts
    )
