"""``docs/several_sources.md``: its configs build what they say."""

import re

import pytest
from helpers.doc_pages import ROOT
from mmengine.config import Config

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.datasets.sampling.source_choice import SourceChoice

CONFIGS = ROOT / 'configs'
PAGE = (ROOT / 'docs/several_sources.md').read_text()
FIRST, TURNS, MIXED, SIXTEEN, _ = re.findall('```python\n(.*?)```', PAGE, re.S)


@pytest.fixture
def first(tmp_path):
    (tmp_path / 'configs').symlink_to(CONFIGS)
    file = tmp_path / 'config.py'
    file.write_text(FIRST)
    return Config.fromfile(file)


def test_the_first_config_is_that_of_the_base_file(first):
    check_parts(first)
    data = first.train_dataloader.dataset
    base = Config.fromfile(CONFIGS / '_base_/datasets/toys2toy_128.py')
    base = base.train_dataloader.dataset
    assert data.pop('source_weights') == [1, 1]
    assert data.to_dict() == base.to_dict()
    assert [s.type for s in data.source] == ['GTADataset', 'SYNTHIADataset']


@pytest.mark.parametrize('text', [TURNS, MIXED])
def test_one_after_the_other(text):
    keys = eval(f'dict({text})', dict(gta=0, synthia=1))
    sources, weights = keys['source'], keys.get('source_weights')
    choice = SourceChoice(len(sources), weights, keys['progressive'])
    assert choice.choose(19_999) == 0
    assert choice.probs[choice.phase(20_000)][1] == (0.75 if weights else 1)


def test_names_of_ids_are_those_of_cityscapes():
    (names,) = re.findall(r'label_classes=(\(.*?\n    \))', SIXTEEN, re.S)
    subsets = Config.fromfile(
        CONFIGS / '_base_/datasets/pair_synthia2cityscapes.py'
    ).pair_evaluator.subsets
    assert list(eval(names)) == subsets['synthia16']


@pytest.mark.parametrize(
    'name', ['gta-synthia2cityscapes', 'synthia-gta2cityscapes_few']
)
def test_gta_and_synthia(name):
    """Each is resized as where it is the only source."""
    base = f'_base_/datasets/{name}.py'
    data = Config.fromfile(CONFIGS / base).train_dataloader.dataset
    scales = {source.type: source.pipeline[2].scale for source in data.source}
    assert scales == dict(GTADataset=(1280, 720), SYNTHIADataset=(1280, 760))
    for source in data.source:
        single = dict(GTADataset='gta', SYNTHIADataset='synthia')[source.type]
        file = CONFIGS / f'_base_/datasets/{single}2cityscapes.py'
        own = Config.fromfile(file).train_dataloader.dataset.source
        assert source.to_dict() == own.to_dict()
