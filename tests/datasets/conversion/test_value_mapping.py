import runpy

import numpy as np
import pytest
from helpers.paths import ROOT
from PIL import Image

TOOL = ROOT / 'tools/dataset_converters/map_labels.py'


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / 'masks'
    (folder / 'a').mkdir(parents=True)
    for name, values in (('a/1.png', [0, 255, 255]), ('2.png', [0, 7, 0])):
        label = np.array([values], np.uint8)
        Image.fromarray(label).save(folder / name)
    return folder


def run(*args):
    runpy.run_path(str(TOOL))['main']([*map(str, args), '--nproc', '1'])


def values(path):
    return np.asarray(Image.open(path)).tolist()


def test_values_are_replaced_and_all_else_stays(masks, tmp_path, capsys):
    out = tmp_path / 'labels'
    run(masks, out, '255=1', '7=255')
    assert values(out / 'a/1.png') == [[0, 1, 1]]
    assert values(out / '2.png') == [[0, 255, 0]]
    assert values(masks / 'a/1.png') == [[0, 255, 255]]
    assert 'pixels by value 0: 3, 1: 2, 255: 1' in capsys.readouterr().out


def test_values_may_change_places(masks, tmp_path):
    run(masks, tmp_path / 'labels', '0=255', '255=0')
    assert values(tmp_path / 'labels/a/1.png') == [[255, 0, 0]]


def test_nothing_is_overwritten(masks, tmp_path):
    out = tmp_path / 'labels'
    with pytest.raises(SystemExit, match='name a new folder'):
        run(masks, masks, '255=1')
    run(masks, out, '255=1')
    with pytest.raises(SystemExit, match='2.png exists'):
        run(masks, out, '255=2')
    assert values(out / 'a/1.png') == [[0, 1, 1]]


@pytest.mark.parametrize('mapping, words', [('0=300', '300'), ('0=-1', '-1')])
def test_values_that_a_label_cannot_have(masks, tmp_path, mapping, words):
    with pytest.raises(SystemExit, match=f'the value {words}, expected 0'):
        run(masks, tmp_path / 'labels', mapping)


def test_what_is_no_pair(masks, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(masks, tmp_path / 'labels', '255')
    assert 'expected OLD=NEW' in capsys.readouterr().err
