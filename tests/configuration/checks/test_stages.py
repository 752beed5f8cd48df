"""A training on translated images that were not made."""

import pytest
from helpers.paths import ROOT
from mmengine.config import Config

from mmseg_balance.configuration.checks.stages import check_stages

TRANSLATED = 'phfa/phfa_aa-it_r101_200k_gta2cityscapes-512x512.py'
SEVERAL = 'phfa/phfa_aa-hfa_r101_200k_synthia-gta2cityscapes-512x512.py'


def test_images_as_they_are_are_not_taken_for_translated_ones():
    cfg = Config.fromfile(ROOT / 'configs' / TRANSLATED)
    check_stages(cfg)  # names a folder, which may be missing
    del cfg.train_dataloader.dataset.source.translated_root
    with pytest.raises(ValueError) as error:
        check_stages(cfg)
    text = str(error.value)
    assert text.startswith("translation is set ({'translator': 'cyclegan/")
    assert 'train_dataloader.dataset.source has no translated_root' in text
    assert 'mmseg-balance reproduce translates them first' in text
    cfg.translation = None
    check_stages(cfg)


@pytest.mark.parametrize('which', [1, 'gta', '1'])
def test_one_of_several_sources(which):
    cfg = Config.fromfile(ROOT / 'configs' / SEVERAL)
    check_stages(cfg)
    cfg.translation = [dict(translator='lab', source=which)]
    sources = cfg.train_dataloader.dataset.source
    sources[0].translated_root = 'data/first'
    key = 'train_dataloader.dataset.source.1'
    with pytest.raises(ValueError, match=f'{key} has no translated_root'):
        check_stages(cfg)
    cfg.translation[0].source = 5  # none of them: of all of them
    with pytest.raises(ValueError, match=f'{key} has no translated_root'):
        check_stages(cfg)
    sources[1].translated_root = 'data/second'
    check_stages(cfg)
