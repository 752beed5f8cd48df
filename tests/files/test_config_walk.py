"""Parts are found in configs, however deep they are nested."""

from mmengine.config import Config
from mmseg.models import EncoderDecoder
from mmseg.registry import MODELS

from mmseg_balance.files.config_walk import (
    class_of,
    dicts_in,
    keyed_dicts,
    type_name,
)


def test_what_a_config_stands_for():
    for kind in ('EncoderDecoder', 'mmseg.EncoderDecoder', EncoderDecoder):
        assert type_name(dict(type=kind)) == 'EncoderDecoder'
        assert class_of(dict(type=kind), MODELS) is EncoderDecoder
    assert type_name({}) == type_name(None) == ''
    assert class_of({}, MODELS) is None
    assert class_of(dict(type='NoSuchModel'), MODELS) is None


def test_every_dict_has_its_key_and_outer_ones_come_first():
    cfg = Config(dict(a=[dict(b=dict(c=1)), 2, (dict(d=[{}]),)], e={}))
    found = dict(keyed_dicts(cfg._cfg_dict))
    keys = ['a[0]', 'a[0].b', 'a[2][0]', 'a[2][0].d[0]']
    assert list(found) == ['', *keys, 'e']
    assert found['a[0].b'] == dict(c=1)
    assert [key for key, _ in keyed_dicts(cfg.a, 'a')] == keys


def test_dicts_may_be_changed_on_the_way():
    config = dict(type='A', inner=dict(type='B', list=[dict(type='C')]))
    for part in dicts_in(config):
        part['name'] = part.pop('type')
    assert [part['name'] for part in dicts_in(config)] == ['A', 'B', 'C']
