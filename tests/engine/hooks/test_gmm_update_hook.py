"""Updates of the statistics after every n-th iteration."""

import copy
from types import SimpleNamespace

import pytest
import torch

from mmseg_balance.engine.hooks import GMMUpdateHook
from mmseg_balance.models.losses import BLDALoss


def make_loss(**settings):
    return BLDALoss(3, min_samples=5, momentum=0.9, **settings)


def train(loss, interval, iterations):
    """Iterations whose batches follow from their number; what waits in each.

    The first hook of a run finds the loss, as that of a resumed run does.
    """
    hook = GMMUpdateHook(interval)
    runner = SimpleNamespace(model=torch.nn.ModuleList([loss]))
    hook.before_train(runner)
    waiting = []
    for runner.iter in iterations:
        torch.manual_seed(runner.iter)
        labels = torch.randint(3, (1, 10, 10))
        logits = torch.randn(1, 3, 10, 10) + runner.iter
        hook.before_train_iter(runner, 0)
        loss(logits.requires_grad_(), labels)
        loss(logits, labels, target_mask=torch.rand(1, 10, 10) < 0.7)
        waiting.append(loss.statistics.num_pending)
        hook.after_train_iter(runner, 0)
    return waiting


def test_every_third_iteration_is_sampled_and_followed_by_an_update():
    loss = make_loss(warmup=0)
    assert train(loss, 3, range(7)) == [0, 0, 1, 0, 0, 1, 0]
    statistics = loss.statistics
    for bank in (statistics.source, statistics.target, statistics.anchors):
        assert (bank.num_updates == 2).all() and bank.step == 2
        assert (bank.staleness == 2).all()  # one iteration since, from 1 on
    assert statistics.num_pending == 0
    assert train(loss, 1, [7]) == [1]  # by another hook, or none


def test_an_update_after_three_iterations_moves_as_far_as_three():
    loss = make_loss(warmup=0)
    train(loss, 3, range(3))
    bank = loss.statistics.source
    before = bank.means.clone()
    train(loss, 3, range(3, 5))
    assert torch.equal(bank.means, before)
    # what EM finds from here on is taken with 1 - 0.9 ** 3
    other = make_loss(warmup=0, em_loops=3)
    other.load_state_dict(loss.state_dict())
    torch.manual_seed(5)
    labels = torch.randint(3, (1, 10, 10))
    logits = torch.randn(1, 3, 10, 10) + 5
    train(loss, 3, [5])
    for c in range(3):
        x = logits[0, :, labels[0] == c]
        number = min((labels == k).sum() for k in range(3))
        if x.shape[1] == number:  # all of its pixels are samples
            fitted = other.statistics.source
            samples = torch.full((3, 3, number), torch.nan)
            samples[c] = x
            means = fitted.fit(samples, 3)[1]
            expected = 0.9**3 * before[c] + (1 - 0.9**3) * means[c]
            torch.testing.assert_close(bank.means[c], expected)
            break
    else:
        pytest.fail('some class is the smallest')


def test_offsets_stay_between_updates():
    loss = make_loss(warmup=0)
    train(loss, 2, range(2))
    logits = torch.randn(1, 3, 4, 4)
    labels = torch.randint(3, (1, 4, 4))
    before = loss.statistics.offset(logits, labels)
    assert before.any()
    train(loss, 2, [2])
    assert torch.equal(loss.statistics.offset(logits, labels), before)
    train(loss, 2, [3])
    assert not torch.equal(loss.statistics.offset(logits, labels), before)


@pytest.mark.parametrize('interval', [1, 3])
@pytest.mark.parametrize('stop', [3, 4, 5])
def test_a_run_resumed_between_two_updates_is_the_same_run(interval, stop):
    whole = make_loss()
    train(whole, interval, range(9))
    killed = make_loss()
    train(killed, interval, range(stop))
    resumed = make_loss()
    resumed.load_state_dict(copy.deepcopy(killed.state_dict()))
    train(resumed, interval, range(stop, 9))
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_losses_of_others_need_not_know_of_the_interval():
    class Counting(torch.nn.Module):
        required_hooks = {'GMMUpdateHook': 'it'}
        updates = 0

        def update_statistics(self):
            self.updates += 1

    loss = Counting()
    hook = GMMUpdateHook(2)
    runner = SimpleNamespace(model=torch.nn.ModuleList([loss]))
    hook.before_train(runner)
    for runner.iter in range(5):
        hook.before_train_iter(runner, 0)
        hook.after_train_iter(runner, 0)
    assert loss.updates == 2


@pytest.mark.parametrize('interval', [0, -1, 1.5, '2', None])
def test_an_interval_that_is_none(interval):
    with pytest.raises(ValueError, match=f'`interval`.*{interval!r}'):
        GMMUpdateHook(interval)


def before_training(batch_size, **settings):
    """What is warned of a classifier whose batches are of some size."""
    warnings = []
    model = torch.nn.ModuleList([BLDALoss(4, **settings)])
    model.labels_images = True
    runner = SimpleNamespace(
        model=model,
        train_dataloader=SimpleNamespace(batch_size=batch_size),
        logger=SimpleNamespace(warning=warnings.append),
    )
    GMMUpdateHook().before_train(runner)
    return warnings


def test_batches_of_a_classifier_that_never_are_enough_are_refused():
    with pytest.raises(ValueError, match='batch_size=32.*32 in all.*to 38 or'):
        before_training(32)
    with pytest.raises(ValueError, match='collect_over=3 have 96 in all'):
        before_training(32, collect_over=3)
    (line,) = before_training(32, collect_over=10)
    assert 'have 80 on average' in line
    assert not before_training(32, collect_over=38)
    assert not before_training(32, min_samples=8)
    assert not before_training(None)
