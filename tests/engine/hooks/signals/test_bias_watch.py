"""Warnings of a bias of the target that grows as that of the source falls."""

import math

import numpy as np
import pytest
import torch

from mmseg_balance.engine.hooks import BalanceSignalsHook
from mmseg_balance.engine.hooks.signals.bias_watch import BiasWatch, misplaced

from .test_balance_signals_hook import (
    Balanced,
    Logger,
    run,
    runner_of,
    steps,
)

NAME = 'mmseg_balance.engine.hooks.signals.balance_signals_hook'


def test_misplaced_is_what_has_to_move():
    """Of classes that count alike, against the columns of a confusion."""
    rng = np.random.default_rng(0)
    rates = rng.dirichlet(np.ones(5), 5)  # of true classes, rows
    predicted = rates.mean(0)
    # the surplus of one class is what others lack
    surplus = sum(max(p - 1 / 5, 0) for p in predicted)
    bias = torch.from_numpy(100 * (predicted - 1 / 5))
    assert misplaced(bias) == pytest.approx(100 * surplus)
    # all in one class
    for number in (3, 19):
        bias = torch.full((number,), -100 / number)
        bias[0] += 100
        assert misplaced(bias) == pytest.approx(100 * (1 - 1 / number))
    assert misplaced(torch.tensor([10.0, math.nan, -10.0])) == 10
    # 20 points of it in a class that has none itself
    assert misplaced(torch.tensor([10.0, math.nan, -30.0])) == 30
    assert misplaced(torch.tensor([math.nan, math.nan])) == 0


def bias(points):
    return torch.tensor([points, -points, 0.0])


@pytest.mark.parametrize(
    'pairs, expected',
    [
        # more than four times, twice in succession, once
        ([(5, 21), (5, 26), (5, 30), (5, 40)], [False, False, True, False]),
        ([(5, 26), (7, 26), (5, 26), (5, 26)], [False, False, False, True]),
        # four times are not more than that, 25 % are few
        ([(7, 28)] * 3, [False] * 3),
        ([(0.1, 24)] * 3, [False] * 3),
        ([(0, 30)] * 2, [False, True]),
    ],
)
def test_when_to_warn(pairs, expected):
    watch = BiasWatch(4.0)
    assert [watch.update(*map(bias, pair)) for pair in pairs] == expected
    again, never = BiasWatch(4.0), BiasWatch(None)
    for i, pair in enumerate(pairs):
        # a run that goes on from here
        found = BiasWatch(4.0)
        found.state = again.state
        assert found.update(*map(bias, pair)) is expected[i]
        again = found
        assert not never.update(*map(bias, pair))


def test_a_source_without_mixtures_is_not_compared_with():
    none = torch.full((3,), math.nan)
    watch = BiasWatch(4.0)
    assert not any(watch.update(none, bias(40)) for _ in range(3))
    assert [watch.update(bias(5), bias(40)) for _ in range(2)] == [False, True]


@pytest.mark.parametrize('begin', [None, 0, 99])
@pytest.mark.parametrize('warmup, expected', [(0, 4), (3, 8)])
def test_only_behind_the_warm_up(monkeypatch, warmup, expected, begin):
    found = dict(source=bias(2.0), target=-bias(31.0))
    monkeypatch.setattr(f'{NAME}.trained_statistics', lambda m: m.statistics)
    monkeypatch.setattr(f'{NAME}.eq5_bias', lambda statistics: found)
    for number in (expected - 1, expected):
        runner = runner_of()
        runner.model = Balanced(warmup=warmup)
        hook = BalanceSignalsHook(interval=2, begin=begin)
        run(hook, runner, steps(number))
        lines = [x for x in runner.logger.lines if 'mixtures' in x]
        assert len(lines) == (number == expected)
    (line,) = lines
    assert f"iteration {expected}) 31 % of the target's" in line
    assert "most for 'sky' (-31 points), and 2 % of the source's" in line


def test_another_ratio_or_none():
    for value in (1, True, 'ten'):
        with pytest.raises(ValueError, match='`max_bias_ratio` of Balance'):
            BalanceSignalsHook(max_bias_ratio=value)
    found = bias(2.0), bias(31.0)
    for value, expected in ((15.0, True), (16.0, False), (None, False)):
        watch = BalanceSignalsHook(max_bias_ratio=value)._watches
        logger = Logger()
        values = {'bias.source': found[0], 'bias.target': found[1]}
        for last in (50, 100):
            watch.warn(logger, ('sky', 'road', 'car'), values, last)
        assert bool(logger.lines) is expected


def test_a_source_without_mixtures_ends_a_succession():
    watch, none = BiasWatch(4.0), torch.full((3,), math.nan)
    sources = (bias(2.0), none, bias(2.0), bias(2.0))
    found = [watch.update(source, bias(30.0)) for source in sources]
    assert found == [False, False, False, True]
