"""The seed of a run: of the command line, the config, or its checkpoint."""

import pytest
from mmengine.config import Config

from mmseg_balance.runs.seed import seed_of, set_seed

KEY = 'randomness.seed'


@pytest.mark.parametrize(
    ('config', 'option', 'overrides', 'checkpoint', 'expected'),
    [
        ({}, None, None, None, 0),
        (dict(seed=7), None, None, None, 7),
        (dict(seed=7), 2, None, None, 2),
        (dict(seed=7), None, {KEY: 2}, None, 2),
        (dict(seed=7), 2, {KEY: 2}, None, 2),
        (dict(seed=7), None, {'randomness': dict(seed=2)}, None, 2),
        (dict(seed=None), None, None, None, 0),
        (dict(deterministic=True), 4, None, None, 4),
        # a run that goes on
        (dict(seed=None), None, None, 3, 3),
        (dict(seed=0), None, None, 3, 3),
        (dict(seed=0), 3, None, 3, 3),
        (dict(seed=3), None, {KEY: 3}, 3, 3),
    ],
)
def test_seed(config, option, overrides, checkpoint, expected):
    cfg = Config(dict(randomness=dict(config), load_from='a.pth'))
    lines = set_seed(cfg, option, overrides, checkpoint)
    assert cfg.randomness.seed == expected
    assert cfg.randomness.get('deterministic') == config.get('deterministic')
    named = option is not None or overrides
    own = config.get('seed')
    told = checkpoint not in (None, own) and own is not None and not named
    assert bool(lines) == told


def test_config_without_randomness():
    cfg = Config(dict(randomness=None))
    set_seed(cfg, None, None, None)
    assert cfg.randomness == dict(seed=0)


@pytest.mark.parametrize(
    ('option', 'overrides', 'message'),
    [
        (1, None, '--seed 1, but a.pth was trained with seed 0'),
        (None, {KEY: 1}, '--cfg-options randomness.seed=1, but a.pth was tra'),
        (1, {KEY: 2}, '--seed 1 and --cfg-options randomness.seed=2: give o'),
        (-1, None, 'the seed is -1, expected a number from 0'),
        (2**32, None, 'the seed is 4294967296, expected'),
        (None, {KEY: 'a'}, "the seed is 'a', expected"),
        (None, {KEY: True}, 'the seed is True, expected'),
    ],
)
def test_seed_that_cannot_be_taken(option, overrides, message):
    cfg = Config(dict(randomness=dict(seed=0), load_from='a.pth'))
    with pytest.raises(ValueError, match=message):
        set_seed(cfg, option, overrides, 0)
    assert cfg.randomness.seed == 0


def test_seed_of_a_command_line():
    assert seed_of(None, None) == (None, '--seed')
    assert seed_of(0, {})[0] == 0
    assert seed_of(None, {KEY: 0})[0] == 0
