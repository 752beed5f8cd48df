"""Configs by name: from a checkout, from a wheel, through mmengine."""

from pathlib import Path

import mmseg
import pytest
from mmengine.config import Config

from mmseg_balance.configuration import library
from mmseg_balance.configuration.library import (
    config_folder,
    config_names,
    find_config,
    nearest_configs,
)
from mmseg_balance.configuration.reading import read_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
NAME = 'dacs/dacs_r101_40k_gta2cityscapes-512x512.py'


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_of_a_checkout():
    assert config_folder() == CONFIGS
    names = config_names()
    assert NAME in names
    assert 'dacs/dacs_seesaw_lite0_2k' in ' '.join(names)
    assert (
        len(names)
        == len(set(names))
        == len([p for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts])
    )
    assert names == sorted(names)
    words = config_names('DAFormer_BLDA')
    assert words == [n for n in names if 'daformer_blda' in n]
    assert words


def test_a_name_is_no_base_name_for_two():
    # mim train looks for the last part alone
    last = [Path(p).name for p in CONFIGS.rglob('*.py')]
    assert len(last) == len(set(last))


@pytest.mark.parametrize(
    'name',
    [
        NAME,
        NAME.removesuffix('.py'),
        f'configs/{NAME}',
        f'./configs/{NAME}',
        f'mmseg_balance::{NAME}',
        f'mmseg_balance::{NAME}'.removesuffix('.py'),
        Path(NAME),
    ],
)
def test_a_name_is_found_from_any_folder(empty_folder, name):
    assert find_config(name) == CONFIGS / NAME


def test_numbers_in_a_name_are_no_suffix(empty_folder):
    name = 'hrda/hrda_gbw-0.01_mit-b5_40k_gta2cityscapes-1024x1024'
    assert find_config(name) == CONFIGS / f'{name}.py'


def test_a_file_goes_before_a_name(empty_folder):
    own = empty_folder / NAME
    own.parent.mkdir()
    own.write_text('a = 1\n')
    assert find_config(NAME) == Path(NAME)
    assert read_config(NAME).a == 1
    # and the package's own is still there
    assert find_config(f'mmseg_balance::{NAME}') == CONFIGS / NAME


def test_a_wheel_has_them_in_mim(tmp_path, monkeypatch):
    package = tmp_path / 'mmseg_balance'
    folder = package / '.mim' / 'configs' / 'dacs'
    folder.mkdir(parents=True)
    (folder / 'a.py').write_text('')
    monkeypatch.setattr(library, 'PACKAGE', package)
    # what other packages leave beside it does not count
    (tmp_path / 'configs').mkdir()
    with pytest.raises(FileNotFoundError, match='no .mim with configs'):
        config_folder()
    (package / '.mim' / 'model-index.yml').write_text('Import: []\n')
    assert config_folder() == package / '.mim' / 'configs'
    assert config_names() == ['dacs/a.py']
    assert find_config('dacs/a') == folder / 'a.py'


def test_a_stock_config_of_mmseg():
    name = 'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py'
    path = find_config(f'mmseg::{name}')
    assert path == Path(mmseg.__file__).parent / '.mim' / 'configs' / name
    assert read_config(f'mmseg::{name}').model.type == 'EncoderDecoder'


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        (
            'nowhere.py',
            ('no config file nowhere.py in /', ': mmseg-balance configs l'),
        ),
        (
            'daformer/daformer_blda_mit-b5_gta2cityscapes',
            ('did you mean daformer/daformer_blda_mit-b5_40k_gta2',),
        ),
        (
            'mmseg_balance::dacs/dacs_r101_40k_gta2cityscape.py',
            (f'did you mean {NAME}',),
        ),
        ('DAFormer', (': mmseg-balance configs --grep DAFormer lists',)),
        # no folder above the configs, nor a whole path, is a name
        ('../configs/' + NAME, ('no config file ../configs',)),
        (f'/configs/{NAME}', (f'no config file /configs/{NAME}, and',)),
        ('nopackage::a/b.py', ("no package 'nopackage'",)),
        ('a-b::a/b.py', ("no package 'a-b'",)),
        ('mmseg::a/b.py', ('no config mmseg::a/b.py in /',)),
        ('torch::a/b.py', ('no config torch::a/b.py in /',)),
    ],
)
def test_no_such_config(empty_folder, name, said):
    with pytest.raises(FileNotFoundError) as raised:
        read_config(name)
    message = str(raised.value)
    assert '\n' not in message
    for part in said:
        assert part in message


@pytest.mark.parametrize(
    'name, said',
    [('', 'name of the config is empty'), ('a.pth', 'a.pth is no config, wh')],
)
def test_what_can_be_no_config(empty_folder, name, said):
    Path('a.pth').touch()
    with pytest.raises((FileNotFoundError, ValueError), match=said):
        read_config(name)


def test_a_file_of_that_name_alone_is_no_config(empty_folder):
    # a copy that was changed must not be taken for the stock one
    last = Path(NAME).name
    with pytest.raises(FileNotFoundError, match=f'did you mean {NAME}'):
        find_config(last)
    assert nearest_configs('zzzzzz') == []


def test_mmengine_reads_names(empty_folder):
    by_name = Config.fromfile(f'mmseg_balance::{NAME}')
    by_path = Config.fromfile(CONFIGS / NAME)
    assert by_name.filename == str(CONFIGS / NAME)
    assert by_name.to_dict() == by_path.to_dict()
    child = empty_folder / 'child.py'
    child.write_text(
        f"_base_ = 'mmseg_balance::{NAME}'\n"
        'model = dict(alpha=0.5)\n'
        'again = _base_.train_cfg\n'
    )
    inherited = Config.fromfile(child)
    assert inherited.model.alpha == 0.5
    assert inherited.again == by_path.train_cfg
    values = inherited.to_dict()
    del values['again']
    values['model']['alpha'] = by_path.model.alpha
    assert values == by_path.to_dict()
    part = empty_folder / 'part.py'
    part.write_text(
        "_base_ = ['mmseg_balance::_base_/schedules/adamw_40k.py']\n"
    )
    assert Config.fromfile(part).train_cfg.max_iters == 40000


def test_mmengine_keeps_what_it_has(empty_folder):
    with pytest.raises(FileNotFoundError, match='mmseg::'):
        Config.fromfile('mmseg::a/b.py')
    child = empty_folder / 'child.py'
    name = 'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py'
    child.write_text(f"_base_ = 'mmseg::{name}'\n")
    assert Config.fromfile(child).model.type == 'EncoderDecoder'


@pytest.mark.parametrize('balance', ['', '_blda', '_ola', '_posthoc'])
def test_a_config_of_another_schedule_stays_and_names_it(balance):
    name = f'dacs/dacs{balance}_lite0_300_toy2toy-256x256.py'
    new = f'dacs/dacs{balance}_lite0_500_toy2toy-128x128.py'
    with pytest.warns(DeprecationWarning, match=f'use {new} instead'):
        old = read_config(name)
    assert old.train_cfg.max_iters == 300 and '_deprecation_' not in old
    assert find_config(new).is_file()
