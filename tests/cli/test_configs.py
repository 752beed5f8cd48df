"""Configs of the package: listed, shown, and copied out."""

import warnings

import pytest
from mmengine.config import Config

from mmseg_balance.cli.main import main
from mmseg_balance.configuration.library import config_folder, config_names

DACS = 'dacs/dacs_r101_40k_gta2cityscapes-512x512.py'
SHORTER = ('--cfg-options', 'train_cfg.max_iters=9', 'model.alpha=0.5')


def resolved(path):
    return Config.fromfile(path).to_dict()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_line_for_each_name(capsys):
    main(['configs'])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == config_names()
    main(['configs', '--grep', 'MIC_'])
    found = [x.split()[0] for x in capsys.readouterr().out.splitlines()]
    assert found == [n for n in config_names() if 'mic_' in n.lower()]
    with pytest.raises(SystemExit, match="no config has 'nothing' in its na"):
        main(['configs', 'list', '--grep', 'nothing'])


@pytest.mark.parametrize(
    'name, title',
    [
        (
            'adaptsegnet/adaptsegnet_r101_150k_gta2cityscapes-512x512.py',
            'As in the paper: two levels, BCE',
        ),
        (
            'dacs/dacs_posthoc_lite0_300_toy2toy-256x256.py',
            'A trained DACS, balanced at test time (Eq. 7)',
        ),
    ],
)
def test_title_is_the_first_sentence_of_the_comment(name, title, capsys):
    main(['configs', '--grep', name])
    line = capsys.readouterr().out
    assert line.split(maxsplit=1) == [name, f'{title}\n']


def test_show_has_all_keys(capsys, tmp_path):
    main(['configs', 'show', DACS, *SHORTER])
    (tmp_path / 'shown.py').write_text(capsys.readouterr().out)
    expected = resolved(config_folder() / DACS)
    expected['train_cfg']['max_iters'] = 9
    expected['model']['alpha'] = 0.5
    assert resolved('shown.py') == expected


def test_a_config_with_a_successor_says_so(capsys):
    with warnings.catch_warnings(record=True) as said:
        # as Python does
        warnings.simplefilter('ignore', DeprecationWarning)
        main(['configs', 'show', 'dacs/dacs_lite0_300_toy2toy-256x256.py'])
    assert any(
        'use dacs/dacs_lite0_500_toy2toy-128x128.py' in str(one.message)
        for one in said
    )


@pytest.mark.parametrize('whole', [[], ['--whole']])
def test_copy_is_the_config_with_what_is_changed(whole, tmp_path, capsys):
    (tmp_path / 'mine').mkdir()
    main(['configs', 'copy', DACS, 'mine/my a.py', *whole, *SHORTER])
    assert capsys.readouterr().out == (
        'wrote mine/my a.py; train it by\n  '
        "mmseg-balance train 'mine/my a.py'\n"
    )
    expected = resolved(config_folder() / DACS)
    expected['train_cfg']['max_iters'] = 9
    expected['model']['alpha'] = 0.5
    assert resolved('mine/my a.py') == expected
    first = (tmp_path / 'mine/my a.py').read_text().splitlines()[0]
    assert (first == f"_base_ = 'mmseg_balance::{DACS}'") is not bool(whole)
    # of one's own, by a path; nothing else is left in the folders
    main(['configs', 'copy', 'mine/my a.py', 'b.py'])
    assert resolved('b.py') == expected
    base = (tmp_path / 'b.py').read_text().splitlines()[0]
    assert base == "_base_ = 'mine/my a.py'"
    assert sorted(p.name for p in tmp_path.rglob('*')) == [
        'b.py',
        'mine',
        'my a.py',
    ]


def test_copy_of_a_stock_config_keeps_its_name(tmp_path):
    name = 'mmseg::segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py'
    main(['configs', 'copy', name, 'a.py'])
    assert (tmp_path / 'a.py').read_text().startswith(f'_base_ = {name!r}')


def test_copy_of_a_part_is_no_training(capsys):
    main(['configs', 'copy', '_base_/balance/blda.py', 'part.py'])
    assert capsys.readouterr().out == (
        'wrote part.py, a part that _base_ of a config names\n'
    )
    hooks = resolved('part.py')['balance_hooks']
    assert hooks == [dict(type='GMMUpdateHook')]


def test_copy_replaces_nothing_unasked(tmp_path):
    file = tmp_path / 'a.py'
    file.write_text('mine = 1\n')
    with pytest.raises(SystemExit, match='error: a.py exists: .*--force'):
        main(['configs', 'copy', DACS, 'a.py'])
    assert file.read_text() == 'mine = 1\n'
    main(['configs', 'copy', DACS, 'a.py', '--force'])
    assert 'mine' not in resolved('a.py')


@pytest.mark.parametrize(
    'words, message',
    [
        ([DACS, 'a.yml'], 'a.yml: configs are files that end with .py'),
        ([DACS[:-4] + '.py', 'a.py'], f'did you mean {DACS}'),
        (
            [DACS, 'a.py', '--cfg-options', 'custom_hooks.0.interval=3'],
            'cannot be said beside a _base_: write all keys with --whole',
        ),
    ],
)
def test_what_cannot_be_copied_is_said(words, message, tmp_path):
    with pytest.raises(SystemExit, match=f'error: .*{message}'):
        main(['configs', 'copy', *words])
    assert not list(tmp_path.rglob('*.*'))


def test_a_file_whose_suffix_is_left_out(tmp_path):
    (tmp_path / 'mine.py').write_text('a = 1')
    with pytest.raises(SystemExit, match=r'mine in .* did you mean mine.py\?'):
        main(['configs', 'show', 'mine'])
