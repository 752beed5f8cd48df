"""Configs of models that are balanced already are found and named."""

import re

import pytest
from mmengine.config import Config

from mmseg_balance.configuration.checks.post_hoc import refuse_post_hoc
from mmseg_balance.models.segmentors import PostHocSegmentor


@pytest.mark.parametrize(
    'kind', ['PostHocSegmentor', 'mmseg.PostHocSegmentor', PostHocSegmentor]
)
def test_the_key_is_named(kind):
    model = dict(type=kind, segmentor=dict(type='EncoderDecoder'))
    with pytest.raises(ValueError, match='model of the config is a PostHoc'):
        refuse_post_hoc(Config(dict(model=model)))
    wrapped = Config(dict(model=dict(type='SegTTAModel', module=model)))
    message = 'model.module of the config is a PostHocSegmentor, no: give'
    with pytest.raises(ValueError, match=re.escape(message)):
        refuse_post_hoc(wrapped, 'no')


@pytest.mark.parametrize(
    'model', [dict(type='EncoderDecoder'), dict(type='DACS', segmentor={})]
)
def test_other_models_pass(model):
    config = Config(dict(model=model))
    refuse_post_hoc(config)  # raises nothing
    assert config.model.to_dict() == model  # and changes nothing
