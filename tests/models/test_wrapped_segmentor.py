"""Whose preprocessor a segmentor inside another model has."""

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.export.segmentor import choose_part
from mmseg_balance.configuration.model_config import model_config
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics


def preprocessor(mean):
    return dict(type='SegDataPreProcessor', mean=[mean] * 3, std=[1.0] * 3)


def segmentor(**kwargs):
    return dict(
        type='EncoderDecoder',
        backbone=dict(
            type='ResNet', depth=18, base_channels=2, out_indices=(3,)
        ),
        decode_head=dict(
            type='FCNHead',
            in_channels=16,
            in_index=0,
            channels=4,
            num_classes=3,
            loss_decode=dict(type='CrossEntropyLoss'),
        ),
        **kwargs,
    )


@pytest.fixture
def wrap(tmp_path):
    """Configs of models around a segmentor, each with what it is given."""
    init_default_scope('mmseg')
    statistics = LogitStatistics(3)
    for bank in (statistics.source, statistics.target, statistics.anchors):
        bank.num_updates.fill_(1)
    save_statistics(tmp_path / 's.pth', statistics, {})

    def wrap(kind, inner):
        uda = dict(type='SourceOnly', segmentor=inner)
        post_hoc = dict(
            type='PostHocSegmentor', statistics=str(tmp_path / 's.pth')
        )
        return dict(
            uda=uda,
            post_hoc=dict(post_hoc, segmentor=inner),
            both=dict(post_hoc, segmentor=uda),
            plain=inner,
        )[kind]

    return wrap


@pytest.mark.parametrize('kind', ['uda', 'post_hoc', 'both', 'plain'])
def test_a_preprocessor_at_the_top_level(wrap, kind):
    """By the runner's rule: what the segmentor has itself counts more."""
    images = [torch.full((3, 8, 8), 100, dtype=torch.uint8)]
    for inner, expected in (
        (segmentor(), 60.0),
        (segmentor(data_preprocessor=preprocessor(70.0)), 30.0),
    ):
        cfg = Config(
            dict(model=wrap(kind, inner), data_preprocessor=preprocessor(40.0))
        )
        before = cfg.pretty_text
        for config in (
            # what mmengine's runner does, and what tools do without it
            dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
            if kind != 'plain'
            else model_config(cfg),
            model_config(cfg),
        ):
            model = MODELS.build(ConfigDict(config))
            data = model.data_preprocessor(dict(inputs=images))
            assert (data['inputs'] == expected).all()
            student = getattr(model, 'student', model)
            assert student.data_preprocessor is model.data_preprocessor
        assert cfg.pretty_text == before


def test_an_exported_segmentor_normalises(wrap):
    """Its config has no other place where the preprocessor would be."""
    for kind in ('uda', 'plain'):
        cfg = Config(
            dict(
                model=wrap(kind, segmentor()),
                data_preprocessor=preprocessor(40.0),
            )
        )
        exported, _ = choose_part(cfg, None)
        assert exported['data_preprocessor']['mean'] == [40.0] * 3
    cfg.model = dict(
        type='SourceOnly',
        segmentor=segmentor(),
        data_preprocessor=preprocessor(50.0),
    )
    exported, _ = choose_part(cfg, None)
    assert exported['data_preprocessor']['mean'] == [50.0] * 3
