"""Signals without labels, against plain loops, and over ranks."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import distributed, multiprocessing, nn

from mmseg_balance.engine.hooks import BalanceSignalsHook
from mmseg_balance.engine.records.balance_signals import (
    class_counts,
    support,
    total_variation,
)
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.recording import (
    CONFIDENCE,
    LABELS,
    SOURCE,
    TARGET,
    note,
    noted_in,
)

CLASSES = ('sky', 'road', 'car')


class Noting(nn.Module):
    """Notes the labels that it is given, as a UDA model does."""

    notes_steps = True
    needs_pseudo_labels = True

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def train_step(self, source, target, confidence):
        with noted_in(SOURCE):
            note(LABELS, source)
        with noted_in(TARGET):
            note(CONFIDENCE, lambda: confidence)
            note(LABELS, target)


class Visualizer:
    def __init__(self):
        self.found = {}

    def add_scalars(self, scalars, step):
        self.found[step] = scalars


class Logger:
    def __init__(self):
        self.lines = []

    def warning(self, line):
        self.lines.append(line)


def runner_of(begin=0, max_iters=100):
    return SimpleNamespace(
        model=Noting(),
        iter=begin,
        max_iters=max_iters,
        logger=Logger(),
        visualizer=Visualizer(),
        train_dataloader=SimpleNamespace(
            dataset=SimpleNamespace(metainfo=dict(classes=CLASSES))
        ),
        _resume=False,
    )


def steps(number, seed=0, rank=0):
    """Labels of each iteration; the second class is never predicted."""
    rng = np.random.default_rng((seed, rank))
    found = []
    for _ in range(number):
        source = rng.choice([0, 1, 2, 255], (2, 5, 6), p=[0.4, 0.3, 0.2, 0.1])
        target = rng.choice([0, 2], (2, 5, 6), p=[0.7, 0.3])
        confidence = rng.uniform(size=(2, 5, 6))
        confidence[rng.uniform(size=confidence.shape) < 0.1] = np.nan
        found.append((source, target, confidence))
    return found


def run(hook, runner, data):
    hook.before_train(runner)
    for step in data:
        hook.before_train_iter(runner, 0)
        runner.model.train_step(*map(torch.from_numpy, step))
        hook.after_train_iter(runner, 0)
        runner.iter += 1


def counted(data):
    """Pixels of each class of source and target, one after the other."""
    counts = {SOURCE: [0] * 3, TARGET: [0] * 3}
    for source, target, confidence in data:
        for label in source.flat:
            if label != 255:
                counts[SOURCE][label] += 1
        for label, sure in zip(target.flat, confidence.flat, strict=True):
            if not np.isnan(sure):
                counts[TARGET][label] += 1
    return {k: np.array(v) / sum(v) for k, v in counts.items()}


def test_shares_and_how_far_they_are():
    data = steps(9)
    hook, runner = BalanceSignalsHook(interval=3, begin=2), runner_of()
    run(hook, runner, data)
    found = runner.visualizer.found
    assert list(found) == [3, 6, 9]
    parts = [counted(data[i : i + 3]) for i in (0, 3, 6)]
    for scalars, part in zip(found.values(), parts, strict=True):
        for row in (SOURCE, TARGET):
            own = [scalars[f'share.{row}/{c}'] for c in CLASSES]
            np.testing.assert_allclose(own, part[row], rtol=1e-12)
        away = sum(abs(part[TARGET] - part[SOURCE])) / 2
        assert scalars['balance/from_source'] == pytest.approx(away)
        assert scalars['share.target/road'] == 0
    # the interval that begins behind `begin` is the reference
    assert all('balance/from_start' not in found[step] for step in (3, 6))
    away = sum(abs(parts[2][TARGET] - parts[1][TARGET])) / 2
    assert found[9]['balance/from_start'] == pytest.approx(away)


def test_a_resumed_run_writes_the_same():
    data = steps(8)
    whole, runner = BalanceSignalsHook(interval=4), runner_of()
    run(whole, runner, data[:6])
    checkpoint = {}
    whole.before_save_checkpoint(runner, checkpoint)
    saved = {k: v for k, v in checkpoint['balance_signals'].items()}
    run_on(whole, runner, data[6:])

    again, resumed = BalanceSignalsHook(interval=4), runner_of(begin=6)
    resumed._resume = True
    again.after_load_checkpoint(resumed, dict(balance_signals=saved))
    run(again, resumed, data[6:])
    assert resumed.visualizer.found == {8: runner.visualizer.found[8]}


def run_on(hook, runner, data):
    for step in data:
        hook.before_train_iter(runner, 0)
        runner.model.train_step(*map(torch.from_numpy, step))
        hook.after_train_iter(runner, 0)
        runner.iter += 1


def test_sums_of_another_training_are_left_behind():
    """load_from takes weights, and no counts."""
    data = steps(4)
    hook, runner = BalanceSignalsHook(interval=2), runner_of()
    counts = torch.full((2, 3), 1000)
    kept = dict(counts=counts, reference=None, since=0, updates=None)
    hook.after_load_checkpoint(runner, dict(balance_signals=kept))
    run(hook, runner, data)
    own = [runner.visualizer.found[2][f'share.source/{c}'] for c in CLASSES]
    np.testing.assert_allclose(own, counted(data[:2])[SOURCE])


def rank_worker(rank, port, folder):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    distributed.init_process_group('gloo', rank=rank, world_size=2)
    hook, runner = BalanceSignalsHook(interval=2), runner_of()
    run(hook, runner, steps(3, rank=rank))
    checkpoint = {}
    hook.before_save_checkpoint(runner, checkpoint)
    torch.save(
        dict(found=runner.visualizer.found, kept=checkpoint),
        f'{folder}/{rank}.pth',
    )
    distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore')
def test_two_ranks_write_what_both_have_seen(tmp_path):
    port = 29500 + os.getpid() % 1000
    multiprocessing.start_processes(
        rank_worker, (port, tmp_path), 2, start_method='fork'
    )
    first, second = (torch.load(tmp_path / f'{i}.pth') for i in range(2))
    assert first['found'] == second['found']
    both = [step for rank in range(2) for step in steps(3, rank=rank)[:2]]
    for row in (SOURCE, TARGET):
        own = [first['found'][2][f'share.{row}/{c}'] for c in CLASSES]
        np.testing.assert_allclose(own, counted(both)[row])
    # a checkpoint is of one rank, and has the pixels of both
    kept = first['kept']['balance_signals']['counts']
    torch.testing.assert_close(
        kept, second['kept']['balance_signals']['counts']
    )
    assert int(kept[1].sum()) == sum(
        int(np.isfinite(steps(3, rank=rank)[2][2]).sum()) for rank in range(2)
    )


def test_class_counts_are_the_same_by_comparison(monkeypatch):
    """As on a GPU, in parts of a few classes."""
    labels = torch.randint(-2, 9, (3, 4, 5))
    expected = [int((labels == c).sum()) for c in range(7)]
    assert class_counts(labels, 7).tolist() == expected
    name = 'mmseg_balance.engine.records.balance_signals'
    monkeypatch.setattr(f'{name}._LARGEST', 2 * labels.numel())
    monkeypatch.setattr(f'{name}.on_host', lambda _: False)
    assert class_counts(labels, 7).tolist() == expected
    assert class_counts(labels[:0], 7).tolist() == [0] * 7


def test_total_variation_and_support():
    a, b = torch.tensor([8, 2, 0]), torch.tensor([1.0, 2.0, 1.0])
    assert total_variation(a, b) == pytest.approx((0.55 + 0.3 + 0.25) / 2)
    assert total_variation(a, a) == 0
    assert np.isnan(total_variation(a, torch.zeros(3)))
    before = torch.tensor([[0, 5, 6], [0, 0, 0]])
    now = torch.tensor([[1, 7, 10], [0, 0, 0]])
    shares = support(now, before)
    torch.testing.assert_close(shares[0], torch.tensor([0.25, 0.5]).double())
    assert bool(shares[1].isnan().all())  # a bank that was never updated


@pytest.mark.parametrize('key', ['interval', 'begin'])
@pytest.mark.parametrize('value', [-1, 2.5, True, 'ten'])
def test_numbers_that_are_none(key, value):
    with pytest.raises(ValueError, match=f'`{key}` of BalanceSignalsHook'):
        BalanceSignalsHook(**{key: value})


def test_nothing_to_say():
    runner = runner_of()
    runner.model.needs_pseudo_labels = False
    with pytest.raises(ValueError, match='neither pseudo-labels nor BLDALoss'):
        BalanceSignalsHook().before_train(runner)


@pytest.mark.parametrize(
    'begin, interval, iterations, is_written',
    [(0, 4, 8, True), (0, 4, 7, False), (5, 2, 10, True), (5, 2, 9, False)],
)
def test_what_a_short_training_cannot_write_is_said(
    begin, interval, iterations, is_written
):
    hook = BalanceSignalsHook(interval, begin)
    runner = runner_of(max_iters=iterations)
    run(hook, runner, steps(iterations))
    lines = runner.visualizer.found.values()
    assert any('balance/from_start' in line for line in lines) is is_written
    assert bool(runner.logger.lines) is not is_written
    assert is_written or 'set begin' in runner.logger.lines[0]


def test_a_model_that_is_saved_untrained():
    checkpoint = {}
    BalanceSignalsHook().before_save_checkpoint(runner_of(), checkpoint)
    assert checkpoint == {}


class Balanced(Noting):
    """The same with distributions, which each step fits."""

    def __init__(self, warmup):
        super().__init__()
        self.statistics = LogitStatistics(3, warmup=warmup, grid_size=None)

    def train_step(self, *step):
        super().train_step(*step)
        self.statistics.source.step += 1


@pytest.mark.parametrize('iterations, is_written', [(7, False), (8, True)])
def test_begins_behind_the_warm_up(monkeypatch, iterations, is_written):
    name = 'mmseg_balance.engine.hooks.signals.balance_signals_hook'
    monkeypatch.setattr(f'{name}.trained_statistics', lambda m: m.statistics)
    data, runner = steps(iterations), runner_of(max_iters=iterations)
    runner.model = Balanced(warmup=3)
    run(BalanceSignalsHook(interval=2, bias=False), runner, data)
    found = runner.visualizer.found
    written = [s for s, v in found.items() if 'balance/from_start' in v]
    assert written == [8] * is_written  # of 7 and 8, as 5 and 6 compare
    assert bool(runner.logger.lines) is not is_written


def test_distributions_that_a_training_did_not_have_before(monkeypatch):
    name = 'mmseg_balance.engine.hooks.signals.balance_signals_hook'
    monkeypatch.setattr(f'{name}.trained_statistics', lambda m: m.statistics)
    hook, runner = BalanceSignalsHook(interval=2, bias=False), runner_of(4)
    runner.model, runner._resume = Balanced(warmup=0), True
    counts = torch.zeros(2, 3, dtype=torch.int64)
    kept = dict(counts=counts, reference=None, since=4, updates=None)
    hook.after_load_checkpoint(runner, dict(balance_signals=kept))
    run(hook, runner, steps(2))
    assert runner.visualizer.found[6]['support.source/sky'] == 0


def test_distributions_that_a_training_has_no_more():
    """Resumed with another loss: shares go on."""
    hook, runner = BalanceSignalsHook(interval=2), runner_of(4)
    runner._resume = True
    counts = torch.zeros(2, 3, dtype=torch.int64)
    updates = torch.ones(2, 4, dtype=torch.int64)
    kept = dict(counts=counts, reference=None, since=4, updates=updates)
    hook.after_load_checkpoint(runner, dict(balance_signals=kept))
    run(hook, runner, steps(4))
    assert 'balance/from_start' in runner.visualizer.found[8]
    checkpoint = {}
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['balance_signals']['updates'] is None
