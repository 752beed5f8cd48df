import re
from pathlib import Path

import mmseg
import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import RUNNERS

from mmseg_balance.configuration.checks.runner_keys import (
    check_runner,
    set_compile,
    unread_keys,
)

STOCK = Path(mmseg.__file__).parent / '.mim' / 'configs'
CONFIGS = ROOT / 'configs'


@RUNNERS.register_module()
class RunnerOfAUser(Runner):
    pass


@pytest.mark.parametrize(
    'keys, words',
    [
        (
            dict(runner_type='FlexibleRunner'),
            "runner_type is 'FlexibleRunner'.*DeepSpeed.*--gpus N",
        ),
        (dict(runner_type='mmengine.FlexibleRunner'), 'Remove runner_type'),
        (dict(runner_type='NoRunner'), "'NoRunner'.*registered in RUNNERS"),
        (
            dict(strategy=dict(type='FSDPStrategy')),
            'strategy is .*FSDPStrategy.*FlexibleRunner alone',
        ),
    ],
)
def test_other_runners_are_refused(keys, words):
    with pytest.raises(ValueError, match=words):
        check_runner(Config(keys))


@pytest.mark.parametrize('kind', ['Runner', 'RunnerOfAUser'])
def test_runners_that_work(kind):
    check_runner(Config(dict(runner_type=kind)))


@pytest.mark.parametrize(
    'value, hooks',
    [
        (True, [dict(type='CompileHook')]),
        ({}, [dict(type='CompileHook')]),
        (
            dict(mode='max-autotune', backend='eager'),
            [dict(type='CompileHook', mode='max-autotune', backend='eager')],
        ),
        (False, []),
        (None, []),
    ],
)
def test_compile_becomes_the_hook(value, hooks):
    cfg = Config(dict(compile=value))
    set_compile(cfg)
    assert list(cfg.get('custom_hooks') or ()) == hooks
    assert 'compile' not in cfg


def test_compile_keeps_other_hooks_and_wins_over_the_old_one():
    hooks = [dict(type='EmptyCacheHook'), dict(type='CompileHook')]
    cfg = Config(dict(compile=dict(dynamic=True), custom_hooks=hooks))
    set_compile(cfg)
    assert cfg.custom_hooks == [
        dict(type='EmptyCacheHook'),
        dict(type='CompileHook', dynamic=True),
    ]


def test_options_of_compile_that_the_hook_lacks():
    cfg = Config(dict(compile=dict(fullgraph=True)))
    with pytest.raises(ValueError, match=r"compile has .*\['fullgraph'\]"):
        set_compile(cfg)


@pytest.mark.parametrize(
    'key, value, line',
    [
        (
            'param_schedulers',
            [],
            'param_schedulers is read by nothing; did you mean '
            'param_scheduler?',
        ),
        ('load_form', 'x.pth', 'did you mean load_from?'),
        ('randomnes', dict(seed=1), 'did you mean randomness?'),
        ('custom_hook', [], 'did you mean custom_hooks?'),
        ('total_iters', 3, 'of MMSegmentation 0.x .* see train_cfg.max_iters'),
        ('evaluation', dict(interval=3), 'val_evaluator'),
        ('fp16', dict(), '--amp'),
        ('something', 5, 'nothing reads something of the config'),
        ('optimizer', dict(lr=3e-4), 'nothing reads optimizer of the config'),
    ],
)
def test_keys_that_nothing_reads(key, value, line):
    cfg = Config(dict(model=dict(type='A', lr=0.1), train_cfg=dict(n=7)))
    cfg[key] = value
    (found,) = unread_keys(cfg)
    assert re.search(line.replace('?', r'\?'), found)


@pytest.mark.parametrize(
    'keys',
    [
        dict(optimizer=dict(lr=1), optim_wrapper=dict(optimizer=dict(lr=1))),
        dict(norm_cfg=dict(type='BN'), model=dict(norm_cfg=dict(type='BN'))),
        dict(size=(2, 3), model=dict(a=[dict(b=[2, 3])])),
        dict(num=19, model=dict(num_classes=19)),
        dict(sync_bn='torch', find_unused_parameters=True, tta_model=dict()),
        dict(source_pipeline=[dict(type='RandomCrop')]),
    ],
)
def test_variables_that_have_done_their_work(keys):
    assert unread_keys(Config(keys)) == []


@pytest.mark.parametrize(
    'name',
    [
        STOCK / 'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
        STOCK / 'pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py',
        STOCK / 'deeplabv3plus/deeplabv3plus_r50-d8_4xb2-40k_cityscapes-'
        '512x1024.py',
        CONFIGS / 'mic/mic_hrda_blda_mit-b5_40k_gta2cityscapes-1024x1024.py',
        CONFIGS / 'oracle/oracle_r101_40k_cityscapes-512x512.py',
        CONFIGS / 'advent/advent_gbw_r101_120k_synthia2cityscapes-512x512.py',
    ],
    ids=lambda path: path.stem,
)
def test_public_configs_have_none(name):
    assert unread_keys(Config.fromfile(name)) == []


def test_variables_that_the_file_uses(tmp_path):
    """Unpacked, joined or calculated with: no key holds them as they are."""
    path = tmp_path / 'own.py'
    path.write_text(
        "root, steps, custom = 'data/own', 3, dict(n=7)\n"
        'data = dict(a=1)\nload = [dict(b=2)]\nunused = 8\n'
        "model = dict(**data, root=root + '/x', size=2 * steps,\n"
        "             c=custom['n'], p=[*load, dict(d=4)])\n"
    )
    cfg = Config.fromfile(path)
    (line,) = unread_keys(cfg)
    assert line.startswith('nothing reads unused of the config; ')
    (line,) = unread_keys(cfg, ['steps'])
    assert line.startswith('nothing reads steps, unused of the config; ')


def test_an_override_of_a_variable_is_named():
    name = 'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py'
    cfg = Config.fromfile(STOCK / name)
    cfg.merge_from_dict({'optimizer.lr': 1e-3})
    (line,) = unread_keys(cfg, ['optimizer.lr', 'model.pretrained'])
    assert line.startswith('nothing reads optimizer of the config; ')
