"""What a config takes out of ``mmseg_balance::...`` can be built."""

from pathlib import Path

import pytest
from mmengine import registry
from mmengine.config import Config
from mmengine.registry import init_default_scope

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
OWN = """
_base_ = [
    'mmseg_balance::_base_/models/lite0_daformer.py',
    'mmseg_balance::_base_/datasets/pipelines_192.py',
    'mmseg_balance::_base_/uda/self_training.py',
    'mmseg_balance::_base_/balance/blda.py',
]
_base_.model.segmentor.backbone.pop('init_cfg')
model = dict(_base_.pop('balance_model'), type='DACS')
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
pipelines = _base_.source_pipeline, _base_.test_pipeline
evaluator = _base_.val_evaluator
"""


@pytest.fixture
def as_installed(monkeypatch):
    """``mmseg_balance::`` as of a wheel, whose configs are in ``.mim``."""

    relative = Config._get_cfg_path

    def path_and_scope(path, file):
        scope, colons, name = path.partition('::')
        return (str(CONFIGS / name), scope) if colons else relative(path, file)

    monkeypatch.setattr(Config, '_get_cfg_path', staticmethod(path_and_scope))


def test_taken_parts_are_built_as_others(as_installed, tmp_path):
    file = tmp_path / 'own.py'
    file.write_text(OWN)
    cfg = Config.fromfile(file)
    loss = cfg.model.segmentor.decode_head.loss_decode
    assert loss._scope_ == 'mmseg_balance'  # so mmengine looks there
    init_default_scope('mmseg')
    model = registry.MODELS.build(cfg.model)
    assert type(model).__name__ == 'DACS'
    assert type(model.student.decode_head.loss_decode).__name__ == 'BLDALoss'
    hooks = [registry.HOOKS.build(hook) for hook in cfg.custom_hooks]
    assert type(hooks[-1]).__name__ == 'GMMUpdateHook'
    for pipeline in cfg.pipelines:
        for transform in pipeline:
            registry.TRANSFORMS.build(transform)
    registry.METRICS.build(cfg.evaluator)
