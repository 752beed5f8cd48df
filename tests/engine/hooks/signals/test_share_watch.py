"""Warnings of classes whose share of the pseudo-labels runs away."""

import numpy as np
import pytest
import torch

from mmseg_balance.engine.hooks import BalanceSignalsHook
from mmseg_balance.engine.hooks.signals.share_watch import ShareWatch

from .test_balance_signals_hook import run, run_on, runner_of


def steps(cars):
    """Iterations of 20 pixels: a car of the source, some of the target."""
    source = np.array([0] * 18 + [1, 2]).reshape(1, 4, 5)
    found = []
    for number in cars:
        target = np.array([0] * (20 - number) + [2] * number)
        target = target.reshape(source.shape)
        found.append((source, target, np.ones(source.shape)))
    return found


def told(hook, cars):
    runner = runner_of()
    run(hook, runner, steps(cars))
    return runner.logger.lines


def test_once_and_of_two_intervals_in_succession():
    # 10, 1, 6, 9, 9 and 9 times as many
    (line,) = told(BalanceSignalsHook(interval=1), [10, 1, 6, 9, 9, 9])
    assert "9.0 times as many pixels of 'car'" in line
    assert '(45.00 % against 5.00 %, at iteration 4)' in line
    assert 'more than 5 times as many in the interval before' in line
    assert told(BalanceSignalsHook(interval=1), [10, 1, 10, 1, 5, 5]) == []
    (line,) = told(BalanceSignalsHook(interval=2), [9, 7, 9, 9])
    assert '9.0 times' in line and 'at iteration 4)' in line


def test_another_ratio_or_none():
    cars = [9, 9]
    hook = BalanceSignalsHook(interval=1, max_share_ratio=9.5)
    assert told(hook, cars) == []
    hook = BalanceSignalsHook(interval=1, max_share_ratio=None)
    assert told(hook, cars) == []
    for value in (1, 0.5, True, 'ten'):
        with pytest.raises(ValueError, match='`max_share_ratio` of Balance'):
            BalanceSignalsHook(max_share_ratio=value)


def test_a_run_that_goes_on_knows_what_was_told():
    data = steps([9, 9, 9, 9])
    for before, lines in ((1, 1), (2, 0)):
        whole, runner = BalanceSignalsHook(interval=1), runner_of()
        run(whole, runner, data[:before])
        assert len(runner.logger.lines) == 1 - lines
        checkpoint = {}
        whole.before_save_checkpoint(runner, checkpoint)
        again, resumed = BalanceSignalsHook(interval=1), runner_of(before)
        resumed._resume = True
        again.after_load_checkpoint(resumed, checkpoint)
        run(again, resumed, data[before:])
        assert len(resumed.logger.lines) == lines
    # of a checkpoint that is older than the watches
    del checkpoint['balance_signals']['watches']
    again, resumed = BalanceSignalsHook(interval=1), runner_of(2)
    resumed._resume = True
    again.after_load_checkpoint(resumed, checkpoint)
    run(again, resumed, data[2:3])
    assert resumed.logger.lines == []
    run_on(again, resumed, data[3:])
    assert len(resumed.logger.lines) == 1


def test_few_pixels_and_classes_that_the_source_lacks():
    watch = ShareWatch(5.0)
    source = torch.tensor([0.999, 0.001, 0.0])
    target = torch.tensor([0.68, 0.0099, 0.3101])
    assert [watch.update(source, target) for _ in range(3)] == [[]] * 3
    target = torch.tensor([0.67, 0.0101, 0.3199])
    assert [watch.update(source, target) for _ in range(3)] == [[], [1], []]
