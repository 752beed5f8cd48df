"""Configs of translators: their names, what they are, and one step."""

import re
from pathlib import Path

import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmseg.registry import MODELS

CONFIGS = sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / 'configs/cyclegan').glob('*.py')
)
NAME = re.compile(
    r'cyclegan(?P<ppl>_ppl)?_resnet(?P<blocks>[69])(-(?P<width>\d+))?'
    r'_(?P<iterations>\d+k?)_(?P<data>[\w-]+)-(?P<size>\d+)x(?P=size)'
)


@pytest.mark.parametrize('file', CONFIGS)
def test_a_name_says_what_is_trained(file, batch):
    match = NAME.fullmatch(Path(file).stem)
    cfg = Config.fromfile(ROOT / file)
    size = int(match['size'])
    generator = cfg.model.generator
    assert generator.num_blocks == int(match['blocks'])
    assert generator.base_channels == int(match['width'] or 64)
    assert cfg.model.data_preprocessor.size == (size, size)
    iterations = int(match['iterations'].replace('k', '000'))
    assert cfg.train_cfg.max_iters == iterations
    for (scheduler,) in cfg.param_scheduler.values():
        assert scheduler.begin == iterations // 2
        assert scheduler.end == iterations + 1
    data = cfg.train_dataloader
    assert data.batch_size == 1
    for domain in (data.dataset.source, data.dataset.target):
        crops = [s.crop_size for s in domain.pipeline if 'crop_size' in s]
        assert crops == [(size, size)]
    assert cfg.val_dataloader is cfg.val_cfg is cfg.val_evaluator is None
    assert cfg.test_dataloader is cfg.test_cfg is cfg.test_evaluator is None

    network = cfg.model.pop('segmentation', None)
    assert (network is not None) == bool(match['ppl'])
    if network is not None:
        assert (ROOT / 'configs' / network.config).is_file()
        assert Path(network.config).stem == Path(network.checkpoint).parts[1]
        pair = match['data'].removeprefix('few_')
        assert f'_{pair}-' in network.config
        trained = Config.fromfile(ROOT / 'configs' / network.config)
        last = f'iter_{trained.train_cfg.max_iters}.pth'
        assert Path(network.checkpoint).name == last
        # on the same target images
        few = trained.train_dataloader.dataset.get('few_shot')
        assert few == data.dataset.get('few_shot')

    cfg.model.data_preprocessor.size = (48, 48)
    generator.update(num_blocks=1, base_channels=2)
    cfg.model.discriminator.base_channels = 2
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    logs = model.train_step(batch(1, size=(48, 48)), wrapper)
    assert 0 < logs['loss'] < 100
