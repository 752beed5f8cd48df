from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmseg.models import EncoderDecoder
from mmseg.registry import HOOKS, MODELS
from torch import nn

from mmseg_balance.configuration.checks.needed_hooks import (
    add_needed_hooks,
    check_copies,
    register_needed_hooks,
)
from mmseg_balance.configuration.run_options import add_hook
from mmseg_balance.engine.hooks import GMMUpdateHook
from mmseg_balance.engine.hooks.protocols import PreparesTraining
from mmseg_balance.models.losses import BLDALoss


def supervised(loss, hooks=()):
    head = dict(type='FCNHead', loss_decode=loss)
    return Config(
        dict(
            model=dict(type='EncoderDecoder', decode_head=head),
            custom_hooks=[dict(type=name) for name in hooks],
        )
    )


def dacs(hooks=(), loss='CrossEntropyLoss', kind='DACS', **kwargs):
    head = dict(type='FCNHead', loss_decode=dict(type=loss))
    segmentor = dict(type='EncoderDecoder', decode_head=head)
    defaults = kwargs.pop('default_hooks', {})
    return Config(
        dict(
            model=dict(type=kind, segmentor=segmentor, **kwargs),
            custom_hooks=[dict(type=name) for name in hooks],
            default_hooks=defaults,
        )
    )


SEED, TEACHER = 'IterationSeedHook', 'TeacherUpdateHook'
DACS = dict(type='DACS', segmentor=dict(type='EncoderDecoder'))


@pytest.mark.parametrize(
    'cfg',
    [
        supervised(dict(type='CrossEntropyLoss')),
        supervised(dict(type='BLDALoss'), ['GMMUpdateHook']),
        dacs([SEED, TEACHER]),
        dacs(['mmseg.GMMUpdateHook', TEACHER, SEED], 'mmseg.BLDALoss'),
        dacs([SEED], kind='SourceOnly'),
        Config(dict(model=dict(type=EncoderDecoder))),
        supervised(dict(type='SeesawLoss', num_classes=2, counts=[1, 2])),
        dacs([SEED], default_hooks=dict(teacher=dict(type=TEACHER))),
        Config(dict(model=dict(type='PostHocSegmentor', segmentor=DACS))),
        # which trains it in its own way
        Config(dict(model=dict(type='Distilled', part=DACS))),
    ],
)
def test_a_whole_list_stays(cfg):
    before = cfg.get('custom_hooks')
    assert add_needed_hooks(cfg) == []
    assert cfg.get('custom_hooks') == before


@pytest.mark.parametrize(
    'cfg, added',
    [
        (supervised(dict(type='BLDALoss')), ['GMMUpdateHook']),
        (supervised(dict(type='mmseg.BLDALoss')), ['GMMUpdateHook']),
        (
            supervised([dict(type='CrossEntropyLoss'), dict(type='BLDALoss')]),
            ['GMMUpdateHook'],
        ),
        (
            supervised(dict(type='Outer', criterion=dict(type='BLDALoss'))),
            ['GMMUpdateHook'],
        ),
        (
            supervised(dict(type='SeesawLoss', num_classes=2)),
            ['ClassStatisticsHook'],
        ),
        (dacs(), [SEED, TEACHER]),
        (dacs([SEED], alpha=0.999), [TEACHER]),
        (dacs([SEED], kind='mmseg.DACS'), [TEACHER]),
        (dacs([SEED], kind=MODELS.get('DACS')), [TEACHER]),
        (dacs([SEED], kind='SourceOnly', alpha=0.99), [TEACHER]),
        (dacs(kind='SourceOnly'), [SEED]),
    ],
)
def test_a_hook_of_the_users_own_loses_none_of_ours(cfg, added):
    own = dict(type='EmptyCacheHook')
    given = [own, *cfg.custom_hooks]
    cfg.custom_hooks = given
    lines = add_needed_hooks(cfg)
    assert [h['type'] for h in cfg.custom_hooks] == [
        *added,
        *(h['type'] for h in given),
    ]
    assert len(lines) == len(added)
    for name, line in zip(added, lines, strict=True):
        assert f"custom_hooks lacks {name}: dict(type='{name}') is" in line


@HOOKS.register_module()
class LoggedGMMUpdateHook(GMMUpdateHook):
    pass


def test_a_subclass_is_the_hook():
    cfg = supervised(dict(type='BLDALoss'), ['LoggedGMMUpdateHook'])
    assert add_needed_hooks(cfg) == []


class DecayedLoss(BLDALoss):
    required_hooks = dict(DecayHook='{type}, whose weight would stay')


class NamedAlone(BLDALoss):
    required_hooks = ('DecayHook',)


@HOOKS.register_module(name='DecayHook')
class Decay(Hook):
    pass


def test_hooks_of_base_classes_are_needed_too():
    cfg = supervised(dict(type=DecayedLoss), ['DecayHook'])
    (line,) = add_needed_hooks(cfg)
    assert "type='GMMUpdateHook') is added, since model has a loss of" in line
    cfg = supervised(dict(type=DecayedLoss), ['GMMUpdateHook'])
    assert add_needed_hooks(cfg) == [
        "custom_hooks lacks DecayHook: dict(type='DecayHook') is added, "
        'since model has DecayedLoss, whose weight would stay'
    ]
    check_copies(cfg)
    cfg.custom_hooks = [dict(type='DecayHook'), dict(type=Decay)]
    with pytest.raises(ValueError, match=r'and custom_hooks\[1\] are both'):
        check_copies(cfg)
    cfg.model.decode_head.loss_decode.type = 'CrossEntropyLoss'
    check_copies(cfg)  # which nothing depends on
    with pytest.raises(TypeError, match=r"NamedAlone.required_hooks is \('D"):
        add_needed_hooks(supervised(dict(type=NamedAlone)))


@pytest.mark.parametrize(
    'hooks, defaults, words',
    [
        (
            [TEACHER, 'EmptyCacheHook', TEACHER],
            {},
            r'custom_hooks\[0\] and custom_hooks\[2\] are both '
            'TeacherUpdateHook, which would act 2 times',
        ),
        (
            ['mmseg.GMMUpdateHook', 'GMMUpdateHook'],
            {},
            'both GMMUpdateHook',
        ),
        (
            ['GMMUpdateHook'],
            dict(gmm=dict(type='GMMUpdateHook')),
            r'custom_hooks\[0\] and default_hooks.gmm',
        ),
    ],
)
def test_two_of_a_kind_are_refused(hooks, defaults, words):
    cfg = dacs(hooks)
    cfg.default_hooks = defaults
    with pytest.raises(ValueError, match=words):
        check_copies(cfg)


def test_a_default_hook_is_not_added_once_more():
    cfg = supervised(dict(type='CrossEntropyLoss'))
    cfg.default_hooks = dict(finite=dict(type='FiniteLossHook'))
    add_hook(cfg, 'FiniteLossHook')
    assert cfg.custom_hooks == []
    cfg.default_hooks = None
    add_hook(cfg, 'FiniteLossHook')
    assert cfg.custom_hooks == [dict(type='FiniteLossHook')]


def test_copies_of_other_hooks_pass():
    cfg = dacs(['EmptyCacheHook', 'EmptyCacheHook', TEACHER])
    cfg.default_hooks = dict(checkpoint=dict(type='CheckpointHook'), x=None)
    check_copies(cfg)


def test_hooks_of_one_protocol_are_no_copies():
    class Preparing(Hook, PreparesTraining):
        def prepare(self, runner):
            """Find nothing."""

    kinds = [type(name, (Preparing,), {}) for name in ('One', 'Other')]
    cfg = dacs(['TeacherUpdateHook'])
    cfg.custom_hooks += [dict(type=kind) for kind in kinds]
    check_copies(cfg)


@pytest.mark.parametrize('nested', [True, False])
def test_a_method_within_a_model_is_trained_by_that(nested):
    class Method(nn.Module):
        required_hooks = dict(DecayHook='{type}, which would not decay')

        @classmethod
        def builds_teacher(cls, config):
            return False

    model = nn.Sequential(Method()) if nested else Method()
    runner = SimpleNamespace(
        cfg=Config(dict(model=dict(type='Built'))),
        model=model,
        hooks=[],
        register_hook=lambda hook: runner.hooks.append(hook),
        logger=Mock(),
    )
    register_needed_hooks(runner)
    assert [type(hook) for hook in runner.hooks] == [Decay] * (not nested)


def test_a_hook_that_there_is_not(monkeypatch):
    from mmengine.model import BaseModule

    kind = type('Toy', (BaseModule,), {})
    kind.required_hooks = {'GMUpdateHook': 'a Toy'}
    monkeypatch.setitem(MODELS.module_dict, 'Toy', kind)
    with pytest.raises(ValueError, match='GMUpdateHook.*mean GMMUpdateHook'):
        add_needed_hooks(supervised(dict(type='Toy')))
    kind.required_hooks = {'GMMUpdateHook': None}
    with pytest.raises(TypeError, match='Toy.required_hooks is'):
        add_needed_hooks(supervised(dict(type='Toy')))
