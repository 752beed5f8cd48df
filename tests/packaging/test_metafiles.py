"""metafile.yml: which configs there are, and what the papers say of them."""

import re
from pathlib import Path

import pytest
import yaml

from mmseg_balance.evaluation.published.recipes import level_of
from mmseg_balance.evaluation.published.rows import ROWS

ROOT = Path(__file__).resolve().parents[2]
INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())
FILES = {
    name: yaml.safe_load((ROOT / name).read_text()) for name in INDEX['Import']
}
MODELS = [model for file in FILES.values() for model in file['Models']]
IN_TABLES = [row for row in ROWS if row.tables]
PUBLISHED = {m['Config']: m for m in MODELS if 'Results' in m}
# names of the papers in the files, and the letters of the rows
PAPERS = {'BLDA': 'B', 'GBW': 'G', 'PHFA': 'P'}


def test_the_index_has_each_file():
    there = ROOT.glob('configs/**/metafile.yml')
    names = sorted(path.relative_to(ROOT).as_posix() for path in there)
    assert INDEX == {'Import': names}


@pytest.mark.parametrize('name', FILES)
def test_a_file_names_what_is_there(name):
    (collection,) = FILES[name]['Collections']
    for model in FILES[name]['Models']:
        config = ROOT / model['Config']
        assert config.is_file()
        assert config.is_relative_to((ROOT / name).parent)
        assert model['Name'] == config.name.removesuffix('.py')
        assert model['In Collection'] == collection['Name']
        for data in model['Metadata']['Training Data']:
            assert data in collection['Metadata']['Training Data']


def test_each_config_of_the_benchmarks_is_in_one_file():
    names = [model['Config'] for model in MODELS]
    assert len(names) == len(set(names))
    there = [
        *ROOT.glob('configs/**/*cityscapes-*.py'),
        *ROOT.glob('configs/video/*2bddvid-*.py'),
        *ROOT.glob('configs/classification/*_visda2017-*.py'),
        *ROOT.glob('configs/classification/*_office-home-*.py'),
    ]
    assert sorted(names) == sorted(
        path.relative_to(ROOT).as_posix()
        for path in there
        if '_base_' not in path.parts
    )


@pytest.mark.parametrize('row', IN_TABLES, ids=lambda row: row.name)
def test_results_are_those_of_the_papers(row):
    model = PUBLISHED[row.config]
    metadata = model['Metadata']
    assert metadata['Published'] is True
    assert metadata['Measured With This Package'] is False
    assert metadata['Row'] == row.name
    assert metadata['Recipe'] == level_of(row.name)
    tables = re.findall(r'(\w+) Tables? ([\d, ]+)', metadata['Tables'])
    assert tuple(
        PAPERS[paper] + number
        for paper, numbers in tables
        for number in numbers.split(', ')
    ) == tuple(row.tables)
    (result,) = model['Results']
    assert result == {
        'Task': row.task,
        'Dataset': row.dataset,
        'Metrics': {k: v for k, v in row.scores.items() if v is not None},
    }


def test_there_are_no_results_of_our_own():
    assert set(PUBLISHED) == {row.config for row in IN_TABLES}
    for model in MODELS:
        assert 'Weights' not in model
        assert ('Published' in model['Metadata']) == ('Results' in model)
