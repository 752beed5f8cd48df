"""Which part of a config an error is of."""

import pytest
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_balance.configuration.typos import (
    explain,
    failing_part,
    refuse_keys_of_lists,
)


@pytest.fixture
def cfg():
    loss = dict(type='BLDALoss', num_classes='four')
    return Config(dict(model=dict(head=loss), other=dict(type='FCNHead')))


def test_the_part_whose_class_raised(cfg, monkeypatch):
    class Toy:
        def __init__(self, rate):
            self.rate = float(rate)

    monkeypatch.setitem(MODELS.module_dict, 'Toy', Toy)
    cfg.model.part = dict(type='Toy', rate='two')
    with pytest.raises(ValueError) as error:
        MODELS.build(cfg.model.part)
    assert failing_part(error.value, cfg) == 'model.part (Toy): '
    assert failing_part(ValueError('of no part'), cfg) == ''
    assert failing_part(error.value, Config(dict(a=1))) == ''


@pytest.mark.parametrize('name', ['BLDALos', 'Zzzzz'])
def test_how_a_class_is_registered_is_said(cfg, name):
    cfg.model.head.type = name
    with pytest.raises(KeyError) as error:
        MODELS.build(cfg.model.head)
    line = explain(error.value, cfg)
    assert line.startswith(f"model.head.type: '{name}' is not registered")
    assert 'custom_imports.imports, and put @MODELS.register_module()' in line
    assert ("'BLDALoss'" in line) == (name == 'BLDALos')


def test_an_argument_that_is_not_handed_on(monkeypatch):
    class Inner:
        def __init__(self, rate=1):
            self.rate = rate

    class Outer(Inner):
        def __init__(self):
            super().__init__()

    monkeypatch.setitem(MODELS.module_dict, 'Outer', Outer)
    cfg = Config(dict(model=dict(type='Outer', rate=2)))
    with pytest.raises(TypeError) as error:
        MODELS.build(cfg.model)
    line = explain(error.value, cfg)
    assert line.startswith('model.rate: Outer takes no such argument, but a')
    assert '**kwargs' in line


@pytest.mark.parametrize(
    'option, example',
    [
        ('data.source.data_root', 'data.source.0.data_root'),
        ('data.source.2.data_root', 'data.source.0.data_root'),
        ('data.source.0.pipeline.size', 'data.source.0.pipeline.0.size'),
    ],
)
def test_overrides_that_name_no_item_of_a_list(option, example):
    source = dict(data_root='a', pipeline=[dict(type='Resize')])
    cfg = Config(dict(data=dict(source=[source, dict(source)])))
    message = rf'{option}: data.source.* is a list of .*, as in {example}$'
    with pytest.raises(ValueError, match=message):
        refuse_keys_of_lists(cfg, {option: 'b'})
    refuse_keys_of_lists(cfg, {example: 'b', 'new.key.0': 1, 'data.source': 1})
