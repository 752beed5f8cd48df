"""Configs of refined pseudo-labels and of ITCR."""

import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.configuration.checks.parts import check_parts

FOLDER = ROOT / 'configs/video'
REFINED = sorted(FOLDER.glob('*_refined_*.py'))
ITCR = sorted(FOLDER.glob('itcr_*.py'))
LOSSES = dict(blda='BLDALoss', gbw='GBWLoss')


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.mark.parametrize('file', [*REFINED, *ITCR], ids=lambda f: f.stem)
def test_settings_are_those_of_the_name(file):
    cfg = Config.fromfile(file)
    check_parts(cfg)
    name, segmentor = file.stem, cfg.model.segmentor
    segmentor.backbone.init_cfg = None
    head = segmentor.decode_head
    kinds = [t.type for t in cfg.train_dataloader.dataset.target.pipeline]
    assert kinds[1:3] == ['LoadPreviousFrame', 'LoadOpticalFlow']
    loss = next((v for k, v in LOSSES.items() if f'_{k}_' in name), None)
    assert head.loss_decode.type == (loss or 'CrossEntropyLoss')
    assert head.num_classes == (11 if 'camvid' in name else 15)
    hooks = [hook.type for hook in cfg.custom_hooks]
    assert ('TeacherUpdateHook' in hooks) is (file in REFINED)
    assert ('GMMUpdateHook' in hooks) is (loss == 'BLDALoss')
    model = MODELS.build(cfg.model)
    prefixes = [objective.prefix for objective in model.objectives]
    if file in ITCR:
        assert prefixes == ['src', 'itcr'] and model.refinement is None
        assert model.objectives[1].loss_weight == 0.001
        return
    assert prefixes == ['src', 'mix', 'masked']
    assert model.refinement.rule == 'consistency'
    assert 0 < model.refinement.start < cfg.train_cfg.max_iters
    assert not model.refinement.masked
    kind = 'HRDAEncoderDecoder' if '_hrda_' in name else 'EncoderDecoder'
    assert segmentor.type == kind


def test_all_are_looked_at():
    assert len(REFINED) == 4 and len(ITCR) == 4


def test_the_published_start():
    part = Config.fromfile(ROOT / 'configs/_base_/uda/refined_labels.py')
    assert part.refinement_model.pseudo_refinement == dict(
        rule='consistency', start=1500
    )
